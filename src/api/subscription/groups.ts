/** Which subscriptions are the same: the same document, the same variables but for the place where they begin, the same to be seen. */
import { Kind, visit, type DocumentNode } from 'graphql'
import type { Context, Viewer } from '../../context.ts'
import type { Cursor } from '../../event/event.ts'
import { Group, type GroupOptions, type Member } from './group.ts'
import { PulseGroup, type PulseOptions } from './pulse.ts'
import type { Line } from './shared-answer.ts'
import type { Tail } from './tail.ts'

interface Asked {
  document: DocumentNode
  operationName: string | undefined
  variables: Record<string, unknown> | undefined
}

export interface Joining extends Asked {
  context: Context
  tail: Tail
  line: Line
  at: Cursor
  extensions: object | undefined
  answerBytes: number
  answer: GroupOptions['answer']
}

/** Where a member goes on by itself, and as what. */
export interface Left {
  at: Cursor
  tail: Tail
  /** What it has not been told yet. */
  extensions: object | undefined
}

export class Groups {
  readonly #groups = new Map<string, Group>()
  readonly #pulses = new Map<string, PulseGroup>()
  readonly #documents = new WeakMap<DocumentNode, { id: number; placing: ReadonlySet<string> }>()
  #documentCount = 0
  #failures = new WeakMap<Group, unknown>()

  counts(): { groups: number; members: number } {
    const all = [...this.#groups.values(), ...this.#pulses.values()]
    return { groups: all.length, members: all.reduce((sum, { size }) => sum + size, 0) }
  }

  keyOf(asked: Asked, viewer: Viewer, tail: Pick<Tail, 'key' | 'everyMs'>): string {
    const { id, placing } = this.#documentOf(asked.document)
    const variables = Object.entries(asked.variables ?? {})
      .filter(([name]) => !placing.has(name))
      .sort(([a], [b]) => (a < b ? -1 : 1))
    return JSON.stringify([
      id,
      asked.operationName ?? null,
      variables,
      scopeOf(viewer),
      tail.key,
      tail.everyMs,
    ])
  }

  /** Whether one that stands there has nothing to be told that the group has told already. */
  mayJoin(key: string, at: Cursor, applied: Cursor): boolean {
    if (at.epoch !== applied.epoch) return false
    const group = this.#groups.get(key)
    return at.seq <= applied.seq && at.seq >= (group?.at.seq ?? applied.seq)
  }

  /** Resolves when it has fallen behind, with where; with undefined when it is over. Rejects with why the group ended. */
  async join(key: string, joining: Joining): Promise<Left | undefined> {
    const { context, line, at, extensions } = joining
    const group = this.#groups.get(key) ?? this.#make(key, joining)
    const left = Promise.withResolvers<{ at: Cursor; tail: Tail } | undefined>()
    const leave: Member['leave'] = (place, tail = joining.tail) => left.resolve(place && { at: place, tail })
    const member: Member = { line, at, extensions, leave }
    const end = (): void => left.resolve(undefined)
    context.signal.addEventListener('abort', end, { once: true })
    group.join(member)
    if (context.signal.aborted) end()
    try {
      const place = await left.promise
      const failure = this.#failures.get(group)
      if (place === undefined && failure !== undefined && !context.signal.aborted) throw failure
      return place && { ...place, extensions: member.extensions }
    } finally {
      context.signal.removeEventListener('abort', end)
      group.remove(member)
    }
  }

  /** Those who ask for the latest values of the same; to be held by who asks. */
  pulse(key: string, options: Omit<PulseOptions, 'emptied'>): PulseGroup {
    const known = this.#pulses.get(key)
    if (known !== undefined) return known
    const emptied = (): void => {
      if (this.#pulses.get(key) === group) this.#pulses.delete(key)
    }
    const group = new PulseGroup({ ...options, emptied })
    this.#pulses.set(key, group)
    return group
  }

  #make(key: string, { context, tail, at, answerBytes, answer }: Joining): Group {
    const group = new Group({
      ...{ tail, at, answerBytes, answer },
      read: (events, epoch) => tail.read(context, events, epoch),
      follow: (after, signal) => context.events.follow(after, signal),
      applied: () => context.events.cursor(),
      emptied: () => {
        if (this.#groups.get(key) === group) this.#groups.delete(key)
      },
      failed: (error) => {
        this.#failures.set(group, error)
        if (this.#groups.get(key) === group) this.#groups.delete(key)
      },
    })
    this.#groups.set(key, group)
    return group
  }

  #documentOf(document: DocumentNode): { id: number; placing: ReadonlySet<string> } {
    let known = this.#documents.get(document)
    if (known === undefined) {
      known = { id: ++this.#documentCount, placing: placingOf(document) }
      this.#documents.set(document, known)
    }
    return known
  }
}

const placeArguments = new Set(['after', 'snapshot'])

/** Variables that say only where a subscription begins: once it follows, they say nothing more. */
function placingOf(document: DocumentNode): Set<string> {
  const placing = new Set<string>()
  const other = new Set<string>()
  let depth = 0
  visit(document, {
    VariableDefinition: () => false,
    Field: { enter: () => void depth++, leave: () => void depth-- },
    Argument({ name, value }) {
      if (depth !== 1 || !placeArguments.has(name.value) || value.kind !== Kind.VARIABLE) return undefined
      placing.add(value.name.value)
      return false
    },
    Variable: ({ name }) => void other.add(name.value),
  })
  return placing.difference(other)
}

const sorted = (set: ReadonlySet<unknown> | undefined): unknown[] | null =>
  set === undefined ? null : [...set].sort()

const scopeOf = ({ role, roleName, writes, tenants }: Viewer): unknown[] => [
  role,
  roleName ?? null,
  sorted(tenants),
  writes === undefined
    ? null
    : [sorted(writes.kinds), sorted(writes.verbs), sorted(writes.sites), sorted(writes.blueprints)],
]
