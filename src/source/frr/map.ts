/** FRR's running configuration as far as neighbours are concerned: what is wanted, what is there, and what makes the one of the other. Pure. */
import { isIPv6 } from 'node:net'

/** A neighbour as it is to be. */
export interface Neighbor {
  address: string
  /** A number, or `external` or `internal`. */
  remoteAs: string
  vrf?: string | undefined
  /** Seconds: keepalive, hold, and between two tries to connect. */
  timers?: { keepalive: number; hold: number; connect: number } | undefined
  bfd: boolean
}

/** One `router bgp` of a router, with its commands. */
export interface Speaker {
  asn: string
  vrf: string | undefined
  commands: readonly string[]
}

/** Every `router bgp` of a running configuration. */
export function parseSpeakers(text: string): Speaker[] {
  const found: (Speaker & { commands: string[] })[] = []
  let inside = false
  for (const line of text.split('\n').map((one) => one.trimEnd())) {
    const head = /^router bgp (\S+)(?: vrf (\S+))?/.exec(line)
    if (head !== null) found.push({ asn: head[1]!, vrf: head[2], commands: [] })
    inside = head !== null || (inside && line.startsWith(' '))
    if (inside && head === null) found.at(-1)!.commands.push(line.trim())
  }
  return found
}

export const speakerOf = (speakers: readonly Speaker[], vrf: string | undefined): Speaker | undefined =>
  speakers.find((one) => one.vrf === vrf)

/** What a neighbour is part of: the group by which it is known who made it; `''` where it has none, undefined where there is no such neighbour. */
export function groupOf({ commands }: Speaker, address: string): string | undefined {
  const own = commands.filter((one) => one.startsWith(`neighbor ${address} `))
  if (own.length === 0) return undefined
  const group = own.map((one) => /^neighbor \S+ peer-group (\S+)$/.exec(one)?.[1]).find(Boolean)
  return group ?? ''
}

/** The groups that bear names of ours, with the neighbour in each; `''` where it was cut off before there was one. */
export const groupsOf = ({ commands }: Speaker): { name: string; address: string }[] =>
  commands.flatMap((one) => {
    const name = /^neighbor (plenum-[0-9a-f]{8}-\d+-\S+) peer-group$/.exec(one)?.[1]
    if (name === undefined) return []
    const members = commands.flatMap((other) => {
      const [, address, group] = /^neighbor (\S+) peer-group (\S+)$/.exec(other) ?? []
      return group === name ? [address!] : []
    })
    return (members.length === 0 ? [''] : members).map((address) => ({ name, address }))
  })

/** Commands by which the neighbour comes into being. The group comes first and bears our name: whatever is cut off in between is known by it. */
export function toCommands(name: string, { address, remoteAs, timers, bfd }: Neighbor): string[] {
  return [
    `neighbor ${name} peer-group`,
    `neighbor ${name} remote-as ${remoteAs}`,
    ...(timers === undefined
      ? []
      : [
          `neighbor ${name} timers ${timers.keepalive} ${timers.hold}`,
          `neighbor ${name} timers connect ${timers.connect}`,
        ]),
    ...(bfd ? [`neighbor ${name} bfd`] : []),
    `neighbor ${address} peer-group ${name}`,
    `address-family ${isIPv6(address) ? 'ipv6' : 'ipv4'} unicast`,
    `neighbor ${name} activate`,
    'exit-address-family',
  ]
}

/** Of those that a running configuration always shows. */
export const missingOf = ({ commands }: Speaker, name: string, { address, remoteAs }: Neighbor): string[] =>
  [
    `neighbor ${name} peer-group`,
    `neighbor ${name} remote-as ${remoteAs}`,
    `neighbor ${address} peer-group ${name}`,
  ].filter((one) => !commands.includes(one))

/** Commands by which all that bears the name goes; none where nothing does. */
export function toEnd({ commands }: Speaker, name: string): string[] {
  if (!commands.includes(`neighbor ${name} peer-group`)) return []
  const members = commands.flatMap((one) => {
    const [, address, group] = /^neighbor (\S+) peer-group (\S+)$/.exec(one) ?? []
    return group === name ? [`no neighbor ${address}`] : []
  })
  return [...members, `no neighbor ${name} peer-group`]
}

export const routerLine = ({ asn, vrf }: Pick<Speaker, 'asn' | 'vrf'>): string =>
  `router bgp ${asn}${vrf === undefined ? '' : ` vrf ${vrf}`}`
