/** Values asked of several sources in one query, one of them hanging or telling nonsense: the others' are whole and live, its own are the last known, the answer is in time and says what is wrong. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import { startTestApp, type TestApp } from '../support/app.ts'
import { timed } from '../support/pause.ts'
import { startFront, type Front } from '../conformance/driver/front.ts'
import type { Illness } from '../conformance/driver/twin.ts'
import { FakeEngine } from './docker/fake.ts'
import { FakeCluster, fill } from './kubernetes/simulator.ts'
import { FakeController } from './redfish/fake.ts'

/** After more failures than these the breaker answers for a source; its drivers' audits have the other ways. */
const illnesses: readonly Illness[] = ['hang', 'garbage']
const names = ['engine', 'cluster', 'bmc'] as const
type Name = (typeof names)[number]
const requestSeconds = 0.5
/** Once the deadline of one request, never of several: on a busy machine with some grace. */
const graceMs = 1_000
let fronts: Record<Name, Front>
let app: TestApp

beforeEach(async () => {
  const [engine, cluster, controller] = [new FakeEngine(), fill(new FakeCluster()), new FakeController()]
  fronts = {
    engine: await startFront({ answer: engine.answer }),
    cluster: await startFront({ answer: cluster.answer }),
    bmc: await startFront({ answer: controller.answer }),
  }
  Object.assign(process.env, { K8S_TOKEN: cluster.token, BMC_PASSWORD: controller.password })
  const common = { perSecond: 10_000, requestSeconds }
  app = await startTestApp({
    sources: {
      engine: { driver: 'docker', url: fronts.engine.url, interval: '10h', every: 3_600, ...common },
      cluster: {
        driver: 'kubernetes',
        url: fronts.cluster.url,
        token: 'env:K8S_TOKEN',
        interval: '10h',
        every: 3_600,
        ...common,
      },
      bmc: {
        driver: 'redfish',
        targets: [fronts.bmc.url],
        user: 'reader',
        password: 'env:BMC_PASSWORD',
        interval: 3_600,
        ...common,
      },
    },
  })
})
afterEach(async () => {
  await app.close()
  for (const front of Object.values(fronts)) await front.close()
  delete process.env['K8S_TOKEN']
  delete process.env['BMC_PASSWORD']
})

interface Told {
  /** Empty where nothing was asked of any. */
  sources: Record<Name, { status: string; reason?: string }>
  /** How many values of each source are told, by how they are. */
  values: Record<Name, Record<string, number>>
}

async function ask(): Promise<Told> {
  const values = 'readings(maxAge: "PT0S") { status source { name } }'
  const { data, errors, extensions } = await app.query<any>(
    `{ containers(first: 100) { nodes { ${values} } } servers(first: 100) { nodes { ${values} } } components(first: 100) { nodes { ${values} } } }`,
  )
  expect(errors).toBeUndefined()
  const counts: Told['values'] = { engine: {}, cluster: {}, bmc: {} }
  for (const { nodes } of Object.values<any>(data))
    for (const { readings } of nodes)
      for (const { status, source } of readings) {
        const its = counts[source.name as Name]
        its[status] = (its[status] ?? 0) + 1
      }
  return { sources: (extensions?.['sources'] ?? {}) as Told['sources'], values: counts }
}

/** What there is when all are well. */
async function untilWell(): Promise<Told> {
  for (;;) {
    const told = await ask()
    if (names.every((name) => told.sources[name]?.status === 'OK' && (told.values[name]['LIVE'] ?? 0) > 0))
      return told
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

const sum = (counts: Record<string, number>): number =>
  Object.values(counts).reduce((total, one) => total + one, 0)

test.each(names)('%s is ill', async (name) => {
  const well = await untilWell()
  for (const illness of illnesses) {
    fronts[name].be(illness)
    let told: Told | undefined
    const { tookMs, heldMs } = await timed(async () => {
      told = await ask()
    })
    expect(tookMs, illness).toBeLessThan(requestSeconds * 1_000 + graceMs + heldMs)
    for (const other of names.filter((one) => one !== name)) {
      expect(told!.values[other]['LIVE'], illness).toBe(well.values[other]['LIVE'])
      expect(told!.sources[other].status, illness).toBe('OK')
    }
    expect(told!.sources[name].status, illness).toBe('STALE')
    expect(told!.sources[name].reason, illness).toMatch(/^(?:timeout|bad|failed|unreachable|busy): /)
    // Its own are told all the same, as they were last.
    expect(sum(told!.values[name]), illness).toBeGreaterThanOrEqual(well.values[name]['LIVE']!)
  }
})
