/** Drivers that have no twin yet, each with the reason. */
export const unaudited: Readonly<Record<string, string>> = {
  frr: 'its neighbour is a program, vtysh, and it lists nothing: test/source/frr has that hang, fail, pour, say no and be given up, and a real bgpd',
  ipmi: 'its neighbour is a program, ipmitool, which speaks for it: test/source/ipmi has that hang, fail, pour, tell nonsense and secrets, and be given up',
  loki: 'it lists nothing: test/source/loki has its neighbour ill in the same ways, behind the same front',
  prometheus:
    'it lists nothing and has no things of its own: test/source/prometheus has its neighbour ill in the same ways, behind the same front',
}
