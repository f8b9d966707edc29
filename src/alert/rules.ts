/** All rules by name: what comes with Plenum, over it the configuration's, over that the API's; and what is wrong with them as things stand. */
import type { Graph } from '../graph/graph.ts'
import type { Metrics } from '../metric/index.ts'
import { parseRule } from './rule/parse.ts'
import type { Rule } from './rule/rule.ts'
import { shippedRules } from './rule/shipped.ts'
import { selected } from '../graph/selector.ts'

export class Rules {
  readonly #fixed: readonly Rule[]
  #all: readonly Rule[]

  constructor(configured: readonly Rule[]) {
    this.#fixed = [...shippedRules, ...configured]
    this.#all = byName(this.#fixed)
  }

  get all(): readonly Rule[] {
    return this.#all
  }

  get(name: string): Rule | undefined {
    return this.#all.find((rule) => rule.name === name)
  }

  /** Those of the API as the table has them; what an older Plenum let in and this one does not is left out. */
  setSaved(saved: readonly { definition: unknown }[]): string[] {
    const parsed = saved.map(({ definition }) => parseRule(definition, 'API'))
    this.#all = byName([...this.#fixed, ...parsed.flatMap(({ rule }) => rule ?? [])])
    return parsed.flatMap(({ faults }) => faults.map(({ path, message }) => `${path}: ${message}`))
  }
}

/** The last of a name is the one. */
const byName = (rules: readonly Rule[]): Rule[] =>
  [...new Map(rules.map((rule) => [rule.name, rule])).values()].sort((a, b) => (a.name < b.name ? -1 : 1))

/** What people should know of a rule: null when there is nothing. */
export function problemOf(
  rule: Rule,
  graph: Graph,
  metrics: Metrics,
): { selected: number; problem: string | null } {
  const vertices = selected(graph, rule.selector)
  const count = vertices.length
  if (rule.condition.type === 'always') return { selected: count, problem: null }
  const series = metrics.seriesOf(rule.metric)
  if (count === 0) return { selected: 0, problem: 'It selects no resource' }
  if (metrics.metric(rule.metric) === undefined)
    return { selected: count, problem: `Nothing measures ${rule.metric}: \`metrics\` lists what is measured` }
  const ids = new Set(vertices.map(({ id }) => id))
  const measured = new Set(series.flatMap(({ resourceId }) => (ids.has(resourceId) ? [resourceId] : [])))
  if (measured.size === 0)
    return { selected: count, problem: `None of the ${count} resources that it selects has ${rule.metric}` }
  if (rule.condition.type === 'absence' && count === graph.size)
    return {
      selected: count,
      problem: `It selects all ${count} resources: say which ones are to have ${rule.metric}`,
    }
  return { selected: count, problem: null }
}
