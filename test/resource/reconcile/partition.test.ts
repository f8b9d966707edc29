import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { KindName } from '../../../src/resource/kind/index.ts'
import { claimKey, keyOf, type Claim, type Member } from '../../../src/resource/reconcile/member.ts'
import {
  areCompatible,
  partition,
  type Claimant,
  type Decision,
} from '../../../src/resource/reconcile/partition.ts'

interface Sketch {
  source: number
  key: string
  kind?: KindName
  hearsay?: boolean
  claims: readonly Omit<Claim, 'strong'>[]
}

const strong = (type: string, value: string, scope = ''): Omit<Claim, 'strong'> => ({ type, scope, value })

function claimant({ source, key, kind = 'Server', hearsay = false, claims }: Sketch): Claimant {
  const member: Member = {
    sourceId: source,
    sourceName: `source-${source}`,
    role: 'observed',
    precedence: 100,
    resourceId: null,
    firstSeenAt: 0,
    changedAt: 0,
    key,
    kind,
    name: key,
    hearsay,
  }
  return { member, claims: claims.map((claim) => ({ ...claim, strong: true })) }
}

/** The partition as sorted keys, so that two can be compared. */
function groupsOf(claimants: readonly Claimant[], decisions: readonly Decision[] = []): string[][] {
  return shown(partition(claimants, decisions).groups)
}
const shown = (groups: readonly Member[][]): string[][] =>
  groups
    .filter((group) => group.length > 0)
    .map((group) => group.map(keyOf).sort())
    .sort((a, b) => (a.join() < b.join() ? -1 : 1))

describe('by hand', () => {
  test('a strong identity joins; a contradicting one, another kind, and the source itself keep apart', () => {
    const one = claimant({ source: 1, key: 'a', claims: [strong('serial', 'S1'), strong('uuid', 'U1')] })
    const same = claimant({ source: 2, key: 'b', claims: [strong('serial', 'S1')] })
    const other = claimant({ source: 2, key: 'b', claims: [strong('serial', 'S1'), strong('uuid', 'U2')] })
    const vm = claimant({
      source: 2,
      key: 'b',
      kind: 'VirtualMachine',
      claims: [strong('serial', 'S1')],
    })
    const twin = claimant({ source: 1, key: 'b', claims: [strong('serial', 'S1')] })
    expect(groupsOf([one, same])).toEqual([['1 a', '2 b']])
    for (const apart of [other, vm, twin]) expect(groupsOf([one, apart])).toHaveLength(2)
  })

  test('a value that one source gives to two things identifies neither, for nobody', () => {
    const claims = [strong('serial', 'S1')]
    const three = [
      claimant({ source: 1, key: 'a', claims }),
      claimant({ source: 1, key: 'b', claims }),
      claimant({ source: 2, key: 'c', claims }),
    ]
    expect(groupsOf(three)).toHaveLength(3)
  })

  test('hearsay leans on one thing and holds no two together', () => {
    const chassis = claimant({ source: 1, key: 'a', kind: 'Switch', claims: [strong('chassisId', 'C1')] })
    const serial = claimant({ source: 2, key: 'b', kind: 'Switch', claims: [strong('serial', 'S1')] })
    const heard = claimant({
      source: 3,
      key: 'h',
      kind: 'Switch',
      hearsay: true,
      claims: [strong('chassisId', 'C1'), strong('serial', 'S1')],
    })
    expect(groupsOf([chassis, heard])).toEqual([['1 a', '3 h']])
    expect(groupsOf([chassis, serial, heard]).filter((group) => group.includes('1 a'))[0]).not.toContain(
      '2 b',
    )
  })

  test('what the first holder refuses the others may still be', () => {
    const first = claimant({ source: 1, key: 'a', claims: [strong('serial', 'S1'), strong('uuid', 'U1')] })
    const second = claimant({ source: 2, key: 'b', claims: [strong('serial', 'S1'), strong('uuid', 'U2')] })
    const third = claimant({ source: 3, key: 'c', kind: 'Switch', claims: [strong('serial', 'S1')] })
    first.member.kind = 'VirtualMachine'
    expect(groupsOf([first, second, third])).toEqual([['1 a'], ['2 b', '3 c']])
  })

  test('people come first: what they say is one is one, what they say is two stays two', () => {
    const a = claimant({ source: 1, key: 'a', claims: [strong('serial', 'S1')] })
    const b = claimant({ source: 2, key: 'b', claims: [strong('serial', 'S2')] })
    const c = claimant({ source: 3, key: 'c', claims: [strong('serial', 'S2')] })
    expect(groupsOf([a, b, c], [{ a: '1 a', b: '2 b', same: true }])).toEqual([['1 a', '2 b', '3 c']])
    expect(groupsOf([a, b, c], [{ a: '2 b', b: '3 c', same: false }])).toHaveLength(3)
    const both = [
      { a: '1 a', b: '2 b', same: true },
      { a: '1 a', b: '3 c', same: false },
    ]
    expect(groupsOf([a, b, c], both)).toEqual([['1 a', '2 b'], ['3 c']])
  })

  test('what shares an identity and is kept apart is told', () => {
    const a = claimant({ source: 1, key: 'a', claims: [strong('serial', 'S1'), strong('uuid', 'U1')] })
    const b = claimant({ source: 2, key: 'b', claims: [strong('serial', 'S1'), strong('uuid', 'U2')] })
    const { refused } = partition([a, b], [])
    expect(refused.map((one) => [keyOf(one.a), keyOf(one.b), one.claim.value])).toEqual([
      ['1 a', '2 b', 'S1'],
    ])
  })
})

const kinds: readonly KindName[] = ['Server', 'Switch', 'Device', 'Component', 'VirtualMachine']

const sketches = fc
  .uniqueArray(
    fc.record({
      source: fc.integer({ min: 1, max: 4 }),
      key: fc.constantFrom('a', 'b', 'c'),
      kind: fc.constantFrom(...kinds),
      hearsay: fc.integer({ min: 0, max: 5 }).map((dice) => dice === 0),
      claims: fc.uniqueArray(
        fc.record({
          type: fc.constantFrom('serial', 'uuid', 'chassisId'),
          scope: fc.constantFrom('', 'dell', 'r:2', 'r:11'),
          value: fc.constantFrom('V1', 'V2', 'V3'),
        }),
        { maxLength: 4, selector: ({ type }) => type },
      ),
    }),
    { maxLength: 10, selector: ({ source, key }) => `${source} ${key}` },
  )
  .map((list) => list.map(claimant))

const cases = sketches.chain((claimants) => {
  const keys = claimants.map((one) => keyOf(one.member))
  const decisions: fc.Arbitrary<Decision[]> =
    keys.length < 2
      ? fc.constant([])
      : fc.uniqueArray(
          fc
            .tuple(fc.shuffledSubarray(keys, { minLength: 2, maxLength: 2 }), fc.boolean())
            .map(([[a, b], same]) => ({ a: a!, b: b!, same })),
          { maxLength: 2, selector: ({ a, b }) => [a, b].sort().join() },
        )
  return fc.record({
    claimants: fc.constant(claimants),
    decisions,
    order: fc.shuffledSubarray(claimants, { minLength: claimants.length }),
  })
})

const runs = { numRuns: 2_000 }

describe('for all observations', () => {
  test('any order gives the same partition', () => {
    fc.assert(
      fc.property(cases, ({ claimants, decisions, order }) => {
        expect(groupsOf(order, [...decisions].reverse())).toEqual(groupsOf(claimants, decisions))
      }),
      runs,
    )
  })

  test('each is in exactly one group', () => {
    fc.assert(
      fc.property(cases, ({ claimants, decisions }) => {
        const keys = groupsOf(claimants, decisions).flat()
        expect(keys.sort()).toEqual(claimants.map((one) => keyOf(one.member)).sort())
      }),
      runs,
    )
  })

  test('the numbers that parents happened to get do not matter', () => {
    const renumbered = (claim: Claim): Claim => ({
      ...claim,
      scope: claim.scope === 'r:2' ? 'r:100' : claim.scope === 'r:11' ? 'r:3' : claim.scope,
    })
    fc.assert(
      fc.property(cases, ({ claimants, decisions }) => {
        const others = claimants.map((one) => ({ ...one, claims: one.claims.map(renumbered) }))
        expect(groupsOf(others, decisions)).toEqual(groupsOf(claimants, decisions))
      }),
      runs,
    )
  })

  test('without people no group holds two of one source, two values of one identity, or kinds that do not fit', () => {
    fc.assert(
      fc.property(sketches, (claimants) => {
        for (const group of partition(claimants, []).groups) {
          const solid = group.filter((member) => !member.hearsay)
          expect(new Set(solid.map((member) => member.sourceId)).size).toBe(solid.length)
          for (const a of group) for (const b of group) expect(areCompatible(a.kind, b.kind)).toBe(true)
          const values = new Map<string, Set<string>>()
          for (const { claims } of claimants.filter((one) => group.includes(one.member))) {
            for (const claim of effective(claims, claimants)) {
              const name = `${claim.type} ${claim.scope}`
              values.set(name, (values.get(name) ?? new Set()).add(claim.value))
            }
          }
          for (const [, found] of values) expect(found.size).toBe(1)
        }
      }),
      runs,
    )
  })

  test('hearsay changes nothing about what was really seen', () => {
    fc.assert(
      fc.property(sketches, (claimants) => {
        const solid = claimants.filter((one) => !one.member.hearsay)
        const keys = new Set(solid.map((one) => keyOf(one.member)))
        const among = groupsOf(claimants)
          .map((group) => group.filter((key) => keys.has(key)))
          .filter((group) => group.length > 0)
        expect(among.sort((a, b) => (a.join() < b.join() ? -1 : 1))).toEqual(groupsOf(solid))
      }),
      runs,
    )
  })

  test('what could still be joined is joined', () => {
    fc.assert(
      fc.property(sketches, (all) => {
        const claimants = all.filter((one) => !one.member.hearsay)
        const { groups } = partition(claimants, [])
        const claimsOf = (group: readonly Member[]) =>
          claimants
            .filter((one) => group.includes(one.member))
            .flatMap((one) => effective(one.claims, claimants))
        for (const [index, left] of groups.entries()) {
          for (const right of groups.slice(index + 1)) {
            expect(couldJoin(left, right, claimsOf(left), claimsOf(right))).toBe(false)
          }
        }
      }),
      runs,
    )
  })
})

/** Without values that some source gives to two things. */
function effective(claims: readonly Claim[], claimants: readonly Claimant[]): Claim[] {
  return claims.filter((claim) => {
    const sources = claimants
      .filter(
        (one) =>
          one.member.hearsay !== true && one.claims.some((other) => claimKey(other) === claimKey(claim)),
      )
      .map((one) => one.member.sourceId)
    return new Set(sources).size === sources.length
  })
}

function couldJoin(
  left: readonly Member[],
  right: readonly Member[],
  mine: Claim[],
  theirs: Claim[],
): boolean {
  const shares = mine.some((a) => theirs.some((b) => claimKey(a) === claimKey(b)))
  const contradicts = mine.some((a) =>
    theirs.some((b) => a.type === b.type && a.scope === b.scope && a.value !== b.value),
  )
  const sameSource = left.some((a) => right.some((b) => a.sourceId === b.sourceId))
  const fits = left.every((a) => right.every((b) => areCompatible(a.kind, b.kind)))
  return shares && !contradicts && !sameSource && fits
}
