/** What is found, against what there is: as sets of lines that people can read. Pure. */
import { pollerAddress, type FabricNode, type FabricPlan } from './plan.ts'

export const aspects = ['nodes', 'cables', 'peers', 'interfaces', 'addresses', 'guests'] as const
export type Aspect = (typeof aspects)[number]
export type Facts = Record<Aspect, Set<string>>

export interface Score {
  aspect: Aspect
  precision: number
  recall: number
  found: number
  /** There, but not found; found, but not there. */
  missing: string[]
  invented: string[]
}

/** One line a fact. Every BGP session of a fabric that is whole stands. */
export function truthOf({ nodes, cables }: FabricPlan): Facts {
  return {
    nodes: new Set(nodes.map(({ name, kind }) => `${kind === 'host' ? 'Server' : 'Switch'} ${name}`)),
    cables: new Set(
      cables.map(({ node, name, far }) => cable(`${node.name}:${name}`, `${far.node.name}:${far.name}`)),
    ),
    peers: new Set(
      nodes.flatMap((node) =>
        node.ports.map(
          ({ far }) => `${node.name} AS${node.asn} ${far.address} AS${far.node.asn} ESTABLISHED`,
        ),
      ),
    ),
    interfaces: new Set(nodes.flatMap((node) => interfacesOf(node).map((name) => `${node.name}:${name}`))),
    addresses: new Set([
      ...nodes.flatMap((node) => addressesOf(node)),
      ...nodes.flatMap(({ guests }) => guests.map(({ address }) => address)),
      pollerAddress,
    ]),
    guests: new Set(
      nodes.flatMap(({ name, guests }) => guests.map(({ address }) => `${address} behind ${name}`)),
    ),
  }
}

const addressesOf = (node: FabricNode): string[] => [
  node.loopback,
  node.management,
  ...node.ports.map(({ address }) => address),
]

const interfacesOf = (node: FabricNode): string[] => [
  'lo',
  'mgmt0',
  ...node.ports.map(({ name }) => name),
  ...(node.guests.length > 0 ? ['br-vm', ...node.guests.map((_, index) => `vm${index + 1}`)] : []),
]

/** The same whichever end comes first. */
export const cable = (one: string, other: string): string => [one, other].sort().join(' — ')

export const compare = (found: Facts, truth: Facts): Score[] =>
  aspects.map((aspect) => {
    const [seen, real] = [found[aspect], truth[aspect]]
    const right = seen.intersection(real).size
    return {
      aspect,
      precision: seen.size === 0 ? 0 : right / seen.size,
      recall: real.size === 0 ? 1 : right / real.size,
      found: seen.size,
      missing: [...real.difference(seen)].sort(),
      invented: [...seen.difference(real)].sort(),
    }
  })

export function formatScores(scores: readonly Score[]): string {
  const lines = scores.map(
    ({ aspect, precision, recall, found }) =>
      `${aspect.padEnd(12)} found ${String(found).padStart(4)}   precision ${precision.toFixed(3)}   recall ${recall.toFixed(3)}`,
  )
  const faults = scores.flatMap(({ aspect, missing, invented }) => [
    ...missing.map((line) => `  ${aspect}: missing  ${line}`),
    ...invented.map((line) => `  ${aspect}: invented ${line}`),
  ])
  return [...lines, ...faults].join('\n')
}
