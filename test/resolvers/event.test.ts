import { describe, expect, test } from 'vitest'
import type { Context, EventFeed } from '../../src/context.ts'
import type { EventBody, LoggedEvent } from '../../src/event/event.ts'
import { sketchDatacenter } from '../api/schema/datacenter.ts'
import { ask, epoch } from '../support/graphql.ts'

const { graph, servers, racks } = sketchDatacenter()
const server = servers[0]!
const before = {
  kind: 'Server',
  name: 'old',
  tenantId: null,
  siteId: null,
  labels: {},
  status: null,
} as const
const link = { type: 'LOCATED_IN', from: server.id, to: racks[0]!.id, since: 0 } as const
const image = { id: server.id, kind: 'Server', name: 'srv-0' } as never

const bodies: EventBody[] = [
  { type: 'ResourceCreated', resource: image },
  {
    type: 'ResourceUpdated',
    resource: image,
    before,
    changes: [{ path: 'name', before: 'old', after: 'srv-0' }],
  },
  { type: 'ResourceDeleted', id: 4_000, before },
  { type: 'ResourceMerged', id: 4_001, into: server.id, before },
  { type: 'LinkAdded', link, from: before, to: before },
  { type: 'LinkRemoved', link: { ...link, to: 4_000 }, from: before, to: before },
  { type: 'SourceSynced', detail: { seen: 3 } },
]
const log = bodies.map((body, index): LoggedEvent => ({
  seq: index + 1,
  at: 1_700_000_000_000,
  actor: 'ann',
  body,
}))

function feed(asked: unknown[] = []): Context['events'] {
  const events: Partial<EventFeed> = {
    cursor: () => ({ epoch, seq: 7 }),
    read(request) {
      asked.push(request)
      return Promise.resolve(log.filter(({ seq }) => seq > (request.after ?? 0)).slice(0, request.first))
    },
    count: () => Promise.resolve(log.length),
  }
  return events as EventFeed
}

describe('events', () => {
  test('tell what happened, to what, and what it is now', async () => {
    const { data, errors } = await ask(
      graph,
      '{ events { totalCount nodes { cursor at type actor resourceId resource { name } link { id } changes { path before after } detail } } }',
      { context: { events: feed() } },
    )
    expect(errors).toEqual([])
    const srv = { resourceId: String(server.id), resource: { name: 'srv-0' } }
    expect(data.events.totalCount).toBe(7)
    expect(data.events.nodes).toMatchObject([
      {
        cursor: '1f0c22aa.1',
        at: '2023-11-14T22:13:20.000Z',
        type: 'ResourceCreated',
        actor: 'ann',
        ...srv,
        link: null,
        changes: [],
      },
      { type: 'ResourceUpdated', ...srv, changes: [{ path: 'name', before: 'old', after: 'srv-0' }] },
      {
        type: 'ResourceDeleted',
        resourceId: '4000',
        resource: null,
        detail: { kind: 'Server', name: 'old' },
      },
      { type: 'ResourceMerged', resourceId: '4001', detail: { into: String(server.id) } },
      { type: 'LinkAdded', ...srv, link: { id: `LOCATED_IN.${server.id}.${racks[0]!.id}` } },
      {
        type: 'LinkRemoved',
        link: null,
        detail: { type: 'LOCATED_IN', from: String(server.id), to: '4000' },
      },
      { type: 'SourceSynced', resourceId: null, resource: null, detail: { seen: 3 } },
    ])
  })

  test('go on after a cursor, of one resource, of some types', async () => {
    const asked: unknown[] = []
    const source = `query ($after: EventCursor) { events(first: 2, after: $after, type: ["ResourceCreated", "LinkAdded"], resource: "Server:name=srv-0") {
      edges { cursor node { type } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }`
    const first = (await ask(graph, source, { context: { events: feed(asked) } })).data.events
    expect(first.pageInfo).toEqual({
      hasNextPage: true,
      hasPreviousPage: false,
      startCursor: '1f0c22aa.1',
      endCursor: '1f0c22aa.2',
    })
    const variables = { after: first.edges[1].cursor }
    const second = (await ask(graph, source, { variables, context: { events: feed(asked) } })).data.events
    expect(second.edges[0].cursor).toBe('1f0c22aa.3')
    const request = { types: ['ResourceCreated', 'LinkAdded'], resourceId: server.id, first: 3 }
    expect(asked).toEqual([request, { ...request, after: 2 }])
  })

  test.each([
    ['after: "ffffffff.3"', 'INVALID_INPUT', 'another event log'],
    ['type: ["Nonsense"]', 'INVALID_INPUT', 'one of ResourceCreated'],
    ['first: -1', 'INVALID_INPUT', '0 or more'],
    ['first: 5000', 'LIMIT_EXCEEDED', 'at most 1000'],
    ['resource: "Rack:name=none"', 'NOT_FOUND', 'Rack:name=none'],
  ])('with %s are refused', async (args, code, message) => {
    const { errors } = await ask(graph, `{ events(${args}) { totalCount } }`, { context: { events: feed() } })
    expect(errors).toMatchObject([{ code, message: expect.stringContaining(message) as string }])
  })
})
