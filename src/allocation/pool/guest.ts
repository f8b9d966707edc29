/**
 * Terminology
 * - guest: a machine that runs on a server beside what was given of it, made by somebody else: it takes its room all the same. What Plenum made is covered by its claims.
 */
import type { Graph, Vertex } from '../../graph/graph.ts'

export type Amounts = Readonly<Record<string, number>>

const bytesPerMebibyte = 2 ** 20
const bytesPerGibibyte = 2 ** 30
/** As steps are called (step/name.ts), of this log or of one that a backup brought here. */
const made = /^plenum-[0-9a-f-]+-\d+-\d+-\d+/

/** How much of Placement's classes a machine is, in whole units; `round` says which way. What it does not tell is not among them. */
export function sizeOf({ fields }: Vertex, round: (amount: number) => number): Record<string, number> {
  const count = (value: unknown, per: number): number => round(Number(value ?? 0) / per)
  const all = {
    VCPU: count(fields['cpuCores'], 1),
    MEMORY_MB: count(fields['memoryBytes'], bytesPerMebibyte),
    DISK_GB: count(fields['diskBytes'], bytesPerGibibyte),
  }
  return Object.fromEntries(Object.entries(all).filter(([, amount]) => amount > 0))
}

const nothing: Amounts = Object.freeze({})

export function guestsOf(graph: Graph, host: Vertex): Amounts {
  let sums: Record<string, number> | undefined
  for (const guest of graph.neighbors(host, 'RUNS_ON', 'in')) {
    if (guest.kind.name !== 'VirtualMachine' || made.test(guest.name)) continue
    sums ??= {}
    for (const [name, amount] of Object.entries(sizeOf(guest, Math.ceil)))
      sums[name] = (sums[name] ?? 0) + amount
  }
  return sums ?? nothing
}
