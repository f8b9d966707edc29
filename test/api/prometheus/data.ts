/** Servers in racks on sites, and two and a half hours of samples with jitter, gaps and resets. */
import pino from 'pino'
import { startMetrics } from '../../../src/metric/index.ts'
import type { Sample } from '../../../src/metric/metric.ts'
import type { TestApp } from '../../support/app.ts'
import { Chance } from '../../support/chance.ts'

const minute = 60_000

export interface Filled {
  samples: Sample[]
  /** Begin and end of the samples. */
  from: number
  to: number
}

export async function fill(app: TestApp, seed: number): Promise<Filled> {
  const ids = await importServers(app)
  const chance = new Chance(seed)
  const to = Math.floor(Date.now() / minute) * minute
  const from = to - 150 * minute
  const samples = ids.flatMap((id) => [
    ...series(chance, { id, metric: 'hw.power', from, to, next: () => 100 + chance.next() * 300 }),
    ...series(chance, { id, metric: 'system.cpu.utilization', from, to, next: () => chance.next() }),
    ...series(chance, { id, metric: 'hw.network.io', from, to, next: counting(chance) }),
  ])
  const collector = await startMetrics({
    db: app.database.db,
    log: pino({ level: 'silent' }),
    limits: { series: 1_000, seriesValues: 1_000_000 },
    keep: { fineSampleDays: 7, sampleDays: 90, sampleHourDays: 800 },
  })
  try {
    await collector.define([
      { name: 'hw.power', unit: 'W', type: 'gauge', help: 'Power drawn' },
      { name: 'system.cpu.utilization', unit: '1', type: 'gauge', help: 'Share of time that is not idle' },
      { name: 'hw.network.io', unit: 'By', type: 'counter', help: 'Bytes' },
    ])
    collector.record(0, samples)
    await collector.flush()
  } finally {
    await collector.close()
  }
  return { samples, from, to }
}

/** The labels of all series, when the app has read what another process wrote. */
export async function seen({ url, token }: TestApp): Promise<Record<string, string>[]> {
  const signal = AbortSignal.timeout(30_000)
  for (;;) {
    const response = await fetch(`${url}/api/v1/series?match[]={kind="Server"}`, {
      signal,
      headers: { authorization: `Bearer ${token}` },
    })
    const { data } = (await response.json()) as { data: Record<string, string>[] }
    if (data.length === 30) return data
  }
}

async function importServers(app: TestApp): Promise<number[]> {
  const inside = (name: string) => [{ type: 'LOCATED_IN', to: name }]
  const items = [
    { kind: 'Tenant', name: 'acme' },
    ...['one', 'two'].map((name) => ({ kind: 'Site', name })),
    ...['r1', 'r2', 'r3'].map((name, index) => ({
      kind: 'Rack',
      name,
      links: inside(`Site:name=${index < 2 ? 'one' : 'two'}`),
    })),
    ...Array.from({ length: 10 }, (_, index) => ({
      kind: 'Server',
      name: `srv-${String(index).padStart(2, '0')}`,
      labels: index % 3 === 0 ? [] : [{ key: 'env', value: index % 3 === 1 ? 'prod' : 'test' }],
      links: [
        ...inside(`Rack:name=r${(index % 3) + 1}`),
        ...(index === 1 ? [{ type: 'OWNED_BY', to: 'Tenant:name=acme' }] : []),
      ],
    })),
  ]
  const { errors } = await app.query(
    'mutation ($input: ImportInput!) { importInventory(input: $input) { cursor } }',
    { input: { items } },
  )
  if (errors !== undefined) throw new Error(JSON.stringify(errors))
  const { data } = await app.query<{ servers: { nodes: { id: string }[] } }>('{ servers { nodes { id } } }')
  return data!.servers.nodes.map(({ id }) => Number(id))
}

interface Wanted {
  id: number
  metric: string
  from: number
  to: number
  next: () => number
}

/** Never at a whole second nor an even millisecond: what is at the very edge of a window is in it for one version of Prometheus and not for another. */
function series(chance: Chance, { id, metric, from, to, next }: Wanted): Sample[] {
  const every = chance.pick([15_000, 30_000, 60_000])
  const found: Sample[] = []
  for (let at = from + 1_000 * chance.below(60); at < to; at += every) {
    if (chance.is(0.02)) at += chance.below(12) * minute
    found.push({ resourceId: id, metric, value: next(), at: at + 1 + 2 * chance.below(499) })
  }
  return found.filter(({ at }) => at < to)
}

/** Rises, and seldom begins anew. */
function counting(chance: Chance): () => number {
  let value = 1e9
  return () => (value = chance.is(0.01) ? 1e9 : value + chance.below(1_000_000))
}
