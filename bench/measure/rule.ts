/** A round of a thousand rules over a hundred thousand series. */
import pino from 'pino'
import { Engine } from '../../src/alert/engine.ts'
import { parseRule } from '../../src/alert/index.ts'
import type { Rule } from '../../src/alert/rule/rule.ts'
import type { Db } from '../../src/db.ts'
import { MemoryGraph } from '../../src/graph/memory.ts'
import type { Metrics } from '../../src/metric/index.ts'
import { startTurns } from '../../src/turn.ts'
import type { Figures } from '../figure.ts'
import { median } from '../peers/measure.ts'

const metricCount = 100
const resourceCount = 1_000
/** Rules of a metric, each about its part of the resources. */
const parts = 10
const log = pino({ level: 'silent' })

function makeGraph(): MemoryGraph {
  const graph = new MemoryGraph({ cursor: { epoch: 'bench', seq: 1 }, asOf: null, visited: 1_000_000 })
  for (let id = 1; id <= resourceCount; id++)
    graph.add({
      ...{ id, kind: 'Server', name: `srv-${id}`, status: 'ACTIVE', labels: { part: String(id % parts) } },
      ...{ owner: null, contact: null, siteId: null, tenantId: null, fields: {}, sources: [] },
      ...{ generation: 1, revision: 1, createdAt: 0, updatedAt: 0, hasDrift: false, hasConflict: false },
    })
  return graph
}

const conditions = [
  { type: 'threshold', above: 1e12, clear: 1e11 },
  { type: 'rate', above: 1e12, over: '5m' },
  { type: 'absence', after: '10m' },
]

function makeRules(): Rule[] {
  return Array.from({ length: metricCount * parts }, (_, index) => {
    const { rule, faults } = parseRule(
      {
        name: `Rule${index}`,
        metric: `bench.m${index % metricCount}`,
        selector: {
          kind: ['Server'],
          label: [{ key: 'part', value: String(Math.floor(index / metricCount)) }],
        },
        condition: conditions[index % conditions.length],
        for: '1m',
        severity: 'warning',
        summary: '{{resource.name}} is at {{value}}',
      },
      'CONFIG',
    )
    if (rule === undefined) throw new Error(JSON.stringify(faults))
    return rule
  })
}

function tell(metrics: Metrics, at: number): Promise<void> {
  for (let id = 1; id <= resourceCount; id++)
    metrics.record(
      0,
      Array.from({ length: metricCount }, (_, index) => ({
        ...{ resourceId: id, metric: `bench.m${index}`, value: id + at / 1e6, at },
      })),
    )
  return metrics.flush()
}

/** As they are, with a count of the series that are looked at. */
function counted(metrics: Metrics): { metrics: Metrics; looked: () => number } {
  let looked = 0
  const head: Metrics['head'] = {
    latest: (id) => {
      looked++
      return metrics.head.latest(id)
    },
    recent: (id, from, to) => metrics.head.recent(id, from, to),
  }
  const own = new Proxy(metrics, {
    get(target, key) {
      if (key === 'head') return head
      const value: unknown = Reflect.get(target, key)
      return typeof value === 'function' ? (value.bind(target) as unknown) : value
    },
  })
  return { metrics: own, looked: () => looked }
}

/** Every series has a new sample in each round, and every rule is judged on each of its own. */
export async function measureRules(db: Db, metrics: Metrics, clock: { now: number }): Promise<Figures> {
  const graph = makeGraph()
  const rules = makeRules()
  for (let minute = 0; minute < 3; minute++) await tell(metrics, (clock.now += 60_000))
  const own = counted(metrics)
  const turns = startTurns({ db, log })
  const engine = new Engine({
    ...{ db, log, metrics: own.metrics, turns, graph: () => graph, rules: () => rules, wake: () => {} },
    now: () => clock.now,
  })
  try {
    while (engine.roundMs < 20) await new Promise((resolve) => setTimeout(resolve, 100))
    const first = engine.roundMs
    const rounds: number[] = []
    for (let minute = 0; minute < 6; minute++) {
      clock.now += 60_000
      await tell(metrics, clock.now)
      await engine.round()
      const [began, before] = [performance.now(), own.looked()]
      engine.rulesChanged()
      await engine.round()
      rounds.push(performance.now() - began)
      const judged = own.looked() - before
      if (judged < metricCount * resourceCount) throw new Error(`only ${judged} series were judged`)
    }
    return { ruleRoundSeconds: median(rounds) / 1_000, ruleFirstRoundSeconds: first / 1_000 }
  } finally {
    await engine.close()
    await turns.close()
  }
}
