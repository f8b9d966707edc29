import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { matches, meaningOf, type ChangeCondition } from '../../../src/api/subscription/match.ts'
import type { EventScope, GraphEvent } from '../../../src/event/event.ts'

const scope: EventScope = {
  kind: 'Rack',
  name: 'r07',
  tenantId: 4,
  siteId: 5,
  labels: { env: 'prod', '': '' },
  status: 'ACTIVE',
}

describe('a condition', () => {
  test.each<[ChangeCondition, boolean]>([
    [{}, true],
    [{ ids: new Set([1]) }, true],
    [{ ids: new Set([2]) }, false],
    [{ kinds: new Set(['Rack', 'Site']) }, true],
    [{ kinds: new Set(['Site']) }, false],
    [{ kinds: new Set() }, false],
    [{ tenants: new Set([4]) }, true],
    [{ tenants: new Set([5]) }, false],
    [{ sites: new Set([5]), statuses: new Set(['ACTIVE']) }, true],
    [{ sites: new Set([5]), statuses: new Set(['PLANNED']) }, false],
    [{ labels: [{ key: 'env' }] }, true],
    [{ labels: [{ key: 'env', value: 'prod' }] }, true],
    [{ labels: [{ key: 'env', value: 'test' }] }, false],
    [{ labels: [{ key: 'env', in: ['test', 'prod'] }] }, true],
    [{ labels: [{ key: 'env', exists: false }] }, false],
    [{ labels: [{ key: 'tier', exists: false }] }, true],
    [{ labels: [{ key: 'tier' }] }, false],
    [{ labels: [{ key: 'constructor' }] }, false],
  ])('%j: %s', (condition, expected) => expect(matches(condition, 1, scope)).toBe(expected))

  test('of a tenant does not match what has none', () => {
    expect(matches({ tenants: new Set([4]) }, 1, { ...scope, tenantId: null })).toBe(false)
  })
})

test('whoever follows what is told knows exactly what matches, whatever happens', () => {
  const statuses = ['ACTIVE', 'PLANNED', null] as const
  const change = fc.record({
    id: fc.integer({ min: 1, max: 4 }),
    status: fc.constantFrom(...statuses, 'gone' as const),
  })
  fc.assert(
    fc.property(fc.array(change), (changes) => {
      const condition: ChangeCondition = { statuses: new Set(['ACTIVE']) }
      const truth = new Map<number, EventScope['status']>()
      const known = new Set<number>()
      for (const { id, status } of changes) {
        const event = toEvent(id, truth.has(id), truth.get(id) ?? null, status)
        if (event === undefined) continue
        if (status === 'gone') truth.delete(id)
        else truth.set(id, status)
        const meaning = meaningOf(condition, event)
        if (meaning === 'created') {
          expect(known.has(id)).toBe(false)
          known.add(id)
        }
        if (meaning === 'updated') expect(known.has(id)).toBe(true)
        if (meaning === 'left' || meaning === 'deleted') expect(known.delete(id)).toBe(true)
        expect([...known].sort()).toEqual(
          [...truth].flatMap(([one, is]) => (is === 'ACTIVE' ? [one] : [])).sort(),
        )
      }
    }),
  )
})

function toEvent(
  id: number,
  exists: boolean,
  was: EventScope['status'],
  is: EventScope['status'] | 'gone',
): GraphEvent | undefined {
  const before = { ...scope, status: was }
  if (is === 'gone') return exists ? { type: 'ResourceDeleted', id, before } : undefined
  const resource = { ...scope, id, status: is } as never
  return exists
    ? { type: 'ResourceUpdated', resource, before, changes: [] }
    : { type: 'ResourceCreated', resource }
}
