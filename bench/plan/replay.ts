/** A real workload, request by request in the order of its time: placed by our plan, by best-fit or by first-fit on the same machines, and checked beside them. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { decide, freeOf, type Inventory, type Provider } from '../../src/allocation/plan.ts'

interface Host extends Provider {
  inventories: Record<string, Inventory>
}
interface Task {
  amounts: Record<string, number>
  traits: string[]
  /** As the file has it. */
  row: readonly string[]
  from: number
  to: number
}
export interface Replayed {
  placedShare: number
  /** Share of the free VCPUs that lie on machines with less than a tenth of their memory free: nothing much can use them; the mean over all requests. */
  fragmentation: number
  illegal: number
}

const rowsOf = (file: string): string[][] =>
  readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => line.split(','))

const inventory = (total: number): Inventory => ({
  ...{ total, reserved: 0, ratio: 1, min: 1, step: 1, used: 0 },
  max: Number.MAX_SAFE_INTEGER,
})

/** Of the machines every so many, from one of them on: fewer than the requests want. */
export interface Cut {
  every: number
  from: number
}
const whole: Cut = { every: 1, from: 0 }

const nodesOf = (folder: string, { every, from }: Cut): string[][] =>
  rowsOf(join(folder, 'nodes.csv')).filter((_, place) => place % every === from)

function readHosts(nodes: readonly string[][]): Host[] {
  return nodes.map(([name, cpu, memory, gpus, model], index): Host => {
    const hasGpu = Number(gpus) > 0
    return {
      ...{ key: String(index), name: name!, resourceId: index, pool: 'machines', tenantId: null },
      traits: new Set(hasGpu ? [model!] : []),
      inventories: {
        VCPU: inventory(Number(cpu)),
        MEMORY_MB: inventory(Number(memory)),
        ...(hasGpu ? { PGPU: { ...inventory(Number(gpus)), scarce: true } } : {}),
      },
      domain: () => undefined,
    }
  })
}

/** Whole GPUs: sharing one is not what a class of whole numbers says. Of several models any will do. */
function readTasks(folder: string): Task[] {
  return rowsOf(join(folder, 'tasks.csv'))
    .map((row): Task => {
      const [, cpu, memory, gpus, , models, , , created, deleted] = row
      return {
        row,
        amounts: {
          VCPU: Math.max(1, Number(cpu)),
          MEMORY_MB: Math.max(1, Number(memory)),
          ...(Number(gpus) > 0 ? { PGPU: Number(gpus) } : {}),
        },
        traits: models === '' ? [] : models!.split('|'),
        from: Number(created),
        to: Number(deleted) || Infinity,
      }
    })
    .sort((one, other) => one.from - other.from)
}

type How = 'plan' | 'best' | 'first'

function choose(hosts: readonly Host[], { amounts, traits }: Task, how: How): Host | undefined {
  const allowed =
    traits.length === 0 ? hosts : hosts.filter((host) => traits.some((trait) => host.traits.has(trait)))
  if (how === 'plan') {
    const demand = { amounts, count: 1, tenantId: 1, require: [], forbid: [], prefer: [], pack: true }
    return decide(allowed, demand).chosen[0] as Host | undefined
  }
  const fits = (host: Host) =>
    Object.entries(amounts).every(
      ([name, amount]) => (host.inventories[name] ? freeOf(host.inventories[name]) : 0) >= amount,
    )
  if (how === 'first') return allowed.find(fits)
  const leftOf = (host: Host) =>
    Object.entries(amounts).reduce(
      (sum, [name, amount]) =>
        sum + (freeOf(host.inventories[name]!) - amount) / host.inventories[name]!.total,
      0,
    )
  let best: Host | undefined
  let least = Infinity
  for (const host of allowed) {
    const left = fits(host) ? leftOf(host) : Infinity
    if (left < least) [best, least] = [host, left]
  }
  return best
}

/** Counts by itself what is on each machine, from the bare numbers of the files, of machines and requests alike. */
class Checker {
  readonly #limits: readonly Record<string, number>[]
  readonly #models: readonly string[]
  readonly #loads: Record<string, number>[]
  illegal = 0

  constructor(rows: readonly string[][]) {
    this.#limits = rows.map(([, cpu, memory, gpus]) => ({
      VCPU: Number(cpu),
      MEMORY_MB: Number(memory),
      PGPU: Number(gpus),
    }))
    this.#models = rows.map(([, , , , model]) => model!)
    this.#loads = rows.map(() => ({ VCPU: 0, MEMORY_MB: 0, PGPU: 0 }))
  }

  add(index: number, [, cpu, memory, gpus, , models]: readonly string[], sign: 1 | -1): void {
    const load = this.#loads[index]!
    let isLegal = models === '' || models!.split('|').includes(this.#models[index]!)
    const amounts = { VCPU: Number(cpu), MEMORY_MB: Number(memory), PGPU: Number(gpus) }
    for (const [name, amount] of Object.entries(amounts)) {
      load[name]! += sign * amount
      if (load[name]! > this.#limits[index]![name]! || load[name]! < 0) isLegal = false
    }
    if (!isLegal) this.illegal++
  }
}

export function replay(folder: string, how: How, cut: Cut = whole): Replayed {
  const nodes = nodesOf(folder, cut)
  const [hosts, checker] = [readHosts(nodes), new Checker(nodes)]
  const tasks = readTasks(folder)
  let running: { task: Task; host: Host }[] = []
  let placed = 0
  let fragments = 0
  const use = (host: Host, task: Task, sign: 1 | -1): void => {
    for (const [name, amount] of Object.entries(task.amounts)) host.inventories[name]!.used += sign * amount
    checker.add(host.resourceId!, task.row, sign)
  }
  for (const task of tasks) {
    const ended = running.filter(({ task: { to } }) => to <= task.from)
    if (ended.length > 0) running = running.filter(({ task: { to } }) => to > task.from)
    for (const one of ended) use(one.host, one.task, -1)
    const host = choose(hosts, task, how)
    if (host !== undefined) {
      use(host, task, 1)
      running.push({ task, host })
      placed++
    }
    fragments += fragmentation(hosts)
  }
  return {
    placedShare: placed / tasks.length,
    fragmentation: fragments / tasks.length,
    illegal: checker.illegal,
  }
}

function fragmentation(hosts: readonly Host[]): number {
  let [free, stranded] = [0, 0]
  for (const { inventories } of hosts) {
    const cpus = freeOf(inventories['VCPU']!)
    free += cpus
    if (freeOf(inventories['MEMORY_MB']!) < inventories['MEMORY_MB']!.total / 10) stranded += cpus
  }
  return free === 0 ? 0 : stranded / free
}

/** The mean over 25 parts of the machines, 8 to 21 each, on which the requests have from just enough room to three quarters of it: one part alone tells more of luck than of the rule. */
export function replayScarce(folder: string, how: How): Replayed {
  const cuts = [60, 80, 100, 125, 150].flatMap((every) => [0, 7, 13, 29, 41].map((from) => ({ every, from })))
  const all = cuts.map((cut) => replay(folder, how, cut))
  const meanOf = (field: keyof Replayed): number => all.reduce((sum, one) => sum + one[field], 0) / all.length
  return {
    placedShare: meanOf('placedShare'),
    fragmentation: meanOf('fragmentation'),
    illegal: meanOf('illegal') * all.length,
  }
}
