import { readFileSync } from 'node:fs'
import { parse, validate, type OperationDefinitionNode } from 'graphql'
import { describe, expect, test } from 'vitest'
import type { Resources } from '../../src/resource/verbs.ts'
import { sketchDatacenter } from '../api/schema/datacenter.ts'
import { ask, epoch, schema } from '../support/graphql.ts'

const text = readFileSync(new URL('../../docs/api.md', import.meta.url), 'utf8')
const blocks = [...text.matchAll(/```graphql\n([\s\S]*?)```/g)].map(([, source]) => source!)

const dc = sketchDatacenter()
dc.sketch.add('Server', 'srv-74', { fields: { serialNumber: 'CN74' } })
dc.sketch.add('Source', 'netbox', { fields: { driver: 'netbox', control: false } })

const none = () => Promise.resolve(new Map())
const resources: Partial<Resources> = {
  attributesOf: none,
  originsOf: none,
  provenanceOf: none,
  sourceStates: none,
  historyOf: none,
  diff: () => Promise.resolve({ items: [], hasNextPage: false, totalCount: 0 }),
  importInventory: () =>
    Promise.resolve({
      cursor: { epoch, seq: 1 },
      ...{ created: 3, updated: 0, unchanged: 0, deleted: 0, linksAdded: 2, linksRemoved: 0 },
      planned: [],
      plannedTotal: 0,
      resourceIds: [],
    }),
}
const events = {
  cursor: () => dc.graph.cursor,
  read: () => Promise.resolve([]),
  count: () => Promise.resolve(0),
} as never

describe('docs/api.md', () => {
  test.each(blocks.map((source, index) => [index + 1, source] as const))(
    'example %i is answered',
    async (_, source) => {
      const document = parse(source)
      expect(validate(schema, document)).toEqual([])
      const [operation] = document.definitions as OperationDefinitionNode[]
      if (operation?.operation === 'subscription') return
      const graphAt = () => Promise.resolve(dc.graph)
      const { errors, data } = await ask(dc.graph, source, { resources, graphAt, context: { events } })
      expect(errors).toEqual([])
      expect(Object.values(data as object)).not.toContain(null)
    },
  )
})
