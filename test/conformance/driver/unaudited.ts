/** Drivers that have no twin yet, each with the reason. */
export const unaudited: Readonly<Record<string, string>> = {
  ipmi: 'its neighbour is a program, ipmitool, which speaks for it: test/source/ipmi has that hang, fail, pour, tell nonsense and secrets, and be given up',
}
