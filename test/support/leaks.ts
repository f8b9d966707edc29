/**
 * Looks for leaks: worlds, tenants and questions of chance. Each question is asked of the whole world by a viewer with tenants, and of a world freshly
 * loaded with nothing in it that the viewer may not know. The answers must be the same to the letter, errors and all, and must hold none of the
 * other's texts.
 */
import { loadGraph } from '../../src/graph/load.ts'
import type { MemoryGraph } from '../../src/graph/memory.ts'
import type { Viewer } from '../../src/context.ts'
import type { ResourceId } from '../../src/resource/resource.ts'
import { Chance } from './chance.ts'
import { epoch } from './datacenter.ts'
import { ask, schema } from './graphql.ts'
import { Asker, tablesOf, tableSecrets } from './questions.ts'
import { filtered, holds, knownTo, makeWorld, secretsOf, type World } from './tenants.ts'

async function* once<T>(items: Iterable<T>): AsyncIterable<T[]> {
  yield [...items]
}

export const loadWorld = (world: World, seq = 0): Promise<MemoryGraph> =>
  loadGraph(
    {
      cursor: { epoch, seq },
      asOf: null,
      resources: once(world.resources.values()),
      links: once(world.links.values()),
      aliases: once(world.aliases),
    },
    1_000_000,
  )

export interface Leak {
  question: string
  tenants: ResourceId[]
  what: string
}

export interface LeakCount {
  pairs: number
  /** Of the answers, how many told of something. */
  telling: number
  /** Errors among the answers. */
  errors: number
  leaks: Leak[]
}

const questionsPerWorld = 25

/** Asks until `pairs` answers were compared; stops at the first ten leaks. */
export async function lookForLeaks(seed: number, pairs: number): Promise<LeakCount> {
  const chance = new Chance(seed)
  const count: LeakCount = { pairs: 0, telling: 0, errors: 0, leaks: [] }
  while (count.pairs < pairs && count.leaks.length < 10) await lookInOne(chance, count, pairs)
  return count
}

async function lookInOne(chance: Chance, count: LeakCount, pairs: number): Promise<void> {
  const world = makeWorld(chance)
  const graph = await loadWorld(world)
  const ids = [...world.resources.keys()]
  const conflicts = chance.some(ids, 10).map((id) => [id, chance.pick(ids)] as const)
  const all = [...world.resources.values()].filter(({ kind }) => kind === 'Tenant').map(({ id }) => id)
  const asker = new Asker(chance, world, schema)
  for (const tenants of [new Set([all[0]!]), new Set(chance.some(all, 2)), new Set<ResourceId>()]) {
    const known = knownTo(world, tenants)
    const rest = filtered(world, known)
    const small = await loadWorld(rest)
    const unknown = ids.filter((id) => known.get(id) !== 'FULL')
    const secrets = [...secretsOf(world, rest), ...tableSecrets(unknown)]
    const viewer: Viewer = { name: 't', role: 'viewer', tokenId: 1, tenants }
    const context = { viewer, metrics: { readings: () => [] } as never }
    for (let left = questionsPerWorld; left > 0 && count.pairs < pairs; left--) {
      const question = asker.question()
      const told = await ask(graph, question, { resources: tablesOf(world, conflicts), context })
      const due = await ask(small, question, { resources: tablesOf(rest, conflicts), context })
      const [text, wanted] = [told, due].map(({ data, errors, extensions }) =>
        JSON.stringify({ data, errors, extensions }),
      ) as [string, string]
      count.pairs++
      if (/"id":|"count":[1-9]|"totalCount":[1-9]/.test(text)) count.telling++
      count.errors += told.errors.length
      const leak = (what: string) => void count.leaks.push({ question, tenants: [...tenants], what })
      if (text !== wanted) leak(`${differenceOf(text, wanted)}`)
      const secret = secrets.find((one) => holds(text, one) && !question.includes(one))
      if (secret !== undefined) leak(`${secret} in ${text.slice(0, 500)}`)
    }
  }
}

function differenceOf(one: string, other: string): string {
  let at = 0
  while (one[at] === other[at]) at++
  return `at ${at}: …${one.slice(Math.max(0, at - 200), at + 200)}… but of what is known …${other.slice(Math.max(0, at - 60), at + 200)}…`
}
