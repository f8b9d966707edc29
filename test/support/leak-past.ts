/**
 * Leaks out of tables, by the API as it is: history, differences, former instants, events, alerts, and what is said of writes that are refused. Worlds change while it is noted what
 * each tenant could know; no answer may hold a text or an id that its tenant could never know, nor one of a former instant what it could not know then. And what is hidden is not told apart from
 * what is not there.
 */
import pino from 'pino'
import { startMetrics } from '../../src/metric/index.ts'
import type { Db } from '../../src/db.ts'
import type { Ask } from './asking.ts'
import { Chance } from './chance.ts'
import type { Leak } from './leaks.ts'
import { PastWorld, toItem, type Thing } from './past-world.ts'

export interface PastCount {
  worlds: number
  asked: number
  /** Answers that held something that the tenant may know. */
  telling: number
  /** Writes that were refused. */
  refused: number
  leaks: Leak[]
}

/** What is asked; each world has one of its own. */
export interface PastApp {
  query: Ask
  database: { db: Db }
  close(): Promise<void>
}

const steps = 5
const brief = '{ id name owner kind }'
const change = `{ name kind resourceId actor changes { path before after } resource ${brief} }`
const whole = `{ totalCount nodes { id name owner labels { key value } tenant ${brief} site ${brief} links { totalCount nodes { from ${brief} to ${brief} } } } }`

/** What a tenant could know, ever and after each step. */
interface Known {
  ever: Set<string>
  everKeys: Set<string>
  at: { instant: string; texts: ReadonlySet<string> }[]
}

export async function lookForLeaksInPast(
  seed: number,
  worlds: number,
  start: () => Promise<PastApp>,
): Promise<PastCount> {
  const chance = new Chance(seed)
  const count: PastCount = { worlds: 0, asked: 0, telling: 0, refused: 0, leaks: [] }
  while (count.worlds < worlds && count.leaks.length < 10) {
    const app = await start()
    try {
      await new Round(chance, app, count).run()
    } finally {
      await app.close()
    }
    count.worlds++
  }
  return count
}

class Round {
  readonly #chance: Chance
  readonly #app: PastApp
  readonly #count: PastCount
  readonly #world: PastWorld
  readonly #ids = new Map<string, string>()
  readonly #known: Map<string, Known>
  #began = ''

  constructor(chance: Chance, app: PastApp, count: PastCount) {
    this.#chance = chance
    this.#app = app
    this.#count = count
    this.#world = new PastWorld(chance)
    this.#known = new Map(
      this.#world.tenants.map((tenant) => [tenant, { ever: new Set(), everKeys: new Set(), at: [] }]),
    )
  }

  async run(): Promise<void> {
    this.#began = new Date(Date.now() - 1_000).toISOString()
    await this.#put([...this.#world.things.values()])
    for (let step = 0; step < steps; step++) await this.#put(this.#world.change())
    await this.#alarm()
    for (const tenant of this.#world.tenants) {
      await this.#askAll(tenant)
      await this.#writeAll(tenant)
    }
  }

  async #admin(query: string, variables = {}): Promise<any> {
    const { data, errors } = await this.#app.query<any>(query, variables)
    if (errors) throw new Error(JSON.stringify(errors))
    return data
  }

  async #put(things: readonly Thing[]): Promise<void> {
    const { importInventory } = await this.#admin(
      'mutation ($input: ImportInput!) { importInventory(input: $input) { resources { id name } } }',
      { input: { source: 'past', items: things.map(toItem) } },
    )
    const byName = new Map(things.map(({ name, key }) => [name, key]))
    for (const { id, name } of importInventory.resources) {
      const key = byName.get(name)
      if (key !== undefined) this.#ids.set(key, id)
    }
    // The next change is later than the instant that this one is remembered by.
    const written = Date.now()
    while (Date.now() <= written + 2);
    const instant = new Date(written + 1).toISOString()
    for (const [tenant, known] of this.#known) {
      const { texts, keys } = this.#world.knownTo(tenant)
      for (const text of texts) known.ever.add(text)
      for (const key of keys) known.everKeys.add(key)
      known.at.push({ instant, texts })
    }
  }

  /** An alert on each server, which says its name. */
  async #alarm(): Promise<void> {
    const limits = { series: 1_000, seriesValues: 100_000 }
    const keep = { fineSampleDays: 7, sampleDays: 90, sampleHourDays: 800 }
    const metrics = await startMetrics({
      db: this.#app.database.db,
      log: pino({ level: 'silent' }),
      limits,
      keep,
    })
    try {
      await metrics.define([{ name: 'load', unit: '1', type: 'gauge', help: 'Load' }])
      const rule = {
        name: 'High',
        metric: 'load',
        selector: { kind: ['Server'] },
        condition: { type: 'threshold', above: 10 },
        severity: 'WARNING',
        summary: '{{resource.name}} is busy',
      }
      await this.#admin('mutation ($input: RuleInput!) { saveRule(input: $input) { cursor } }', {
        input: rule,
      })
      const servers = this.#world.of('Server')
      metrics.record(
        0,
        servers.map(({ key }) => ({
          resourceId: Number(this.#ids.get(key)),
          metric: 'load',
          value: 90,
          at: Date.now(),
        })),
      )
      await metrics.flush()
      const open = async (): Promise<number> =>
        (await this.#admin('{ alerts { totalCount } }')).alerts.totalCount
      for (let left = 200; (await open()) < servers.length && left > 0; left--)
        await new Promise((resolve) => setTimeout(resolve, 50))
    } finally {
      await metrics.close()
    }
  }

  async #tokenOf(tenant: string, role: string): Promise<string> {
    const { createToken } = await this.#admin(
      'mutation ($input: TokenInput!) { createToken(input: $input) { secret } }',
      {
        input: { name: `${role} ${tenant}`, role, scopes: { tenants: [`past:${tenant}`] } },
      },
    )
    return createToken.secret
  }

  async #as(secret: string, question: string): Promise<string> {
    const { data, errors } = await this.#app.query(question, {}, { authorization: `Bearer ${secret}` })
    const shown = errors?.map(({ message, path, extensions: { requestId: _, ...rest } }) => ({
      message,
      path,
      rest,
    }))
    this.#count.asked++
    return JSON.stringify({ data, errors: shown })
  }

  /** No text that is not among `known`, and no id of what could never be known. */
  #check(question: string, tenant: string, text: string, known: ReadonlySet<string>): void {
    const leak = (what: string) =>
      void this.#count.leaks.push({
        question,
        tenants: [Number(this.#ids.get(tenant))],
        what: `${what} in ${text.slice(0, 2_000)}`,
      })
    for (const one of this.#world.texts)
      if (!known.has(one) && text.includes(one) && !question.includes(one)) leak(one)
    const { everKeys } = this.#known.get(tenant)!
    for (const [key, id] of this.#ids)
      if (!everKeys.has(key) && new RegExp(`"(id|resourceId)":"${id}"`).test(text)) leak(`the id ${id}`)
    if ([...known].some((one) => text.includes(one))) this.#count.telling++
  }

  async #askAll(tenant: string): Promise<void> {
    const secret = await this.#tokenOf(tenant, 'VIEWER')
    const { ever, at } = this.#known.get(tenant)!
    const refs = [...this.#world.things.keys()].map((key) =>
      this.#chance.pick([`past:${key}`, this.#ids.get(key)!]),
    )
    const questions = [
      ...refs.map(
        (ref) =>
          `{ resource(ref: "${ref}") { ...on Resource ${brief} history(first: 100) { totalCount nodes ${change} } } }`,
      ),
      ...refs.map(
        (ref) =>
          `{ events(resource: "${ref}", first: 100) { nodes { type resourceId actor detail resource ${brief} changes { path before after } } } }`,
      ),
      ...this.#chance
        .some(refs, 6)
        .map(
          (root) =>
            `{ diff(from: "${this.#began}", root: "${root}", first: 200) { totalCount nodes ${change} } }`,
        ),
      `{ diff(from: "${this.#began}", first: 500) { totalCount nodes ${change} } }`,
      `{ diff(from: "${at[1]!.instant}", to: "${at[3]!.instant}", first: 500) { totalCount nodes ${change} } }`,
      `{ events(first: 500) { nodes { type resourceId actor detail resource ${brief} link { from ${brief} to ${brief} } changes { path before after } } } }`,
      `{ events(first: 500, type: ["ResourceUpdated", "LinkRemoved", "TokenCreated"]) { nodes { type resourceId detail changes { path before after } } } }`,
      `{ alerts(first: 100) { totalCount nodes { summary resource ${brief} labels { key value } } } }`,
      `{ servers { nodes { name health alerts(state: [FIRING, PENDING, RESOLVED]) { totalCount nodes { summary } } } } }`,
      `{ incidents(first: 50) { totalCount nodes { summary acknowledgedBy cause ${brief} alerts(first: 50) { totalCount nodes { summary resource ${brief} } } impact(first: 50) { totalCount nodes ${brief} } changesBefore(first: 50) { totalCount nodes ${change} } } } }`,
      `{ rules { name } silences { id } sources { name } metrics { name } }`,
    ]
    for (const question of questions) this.#check(question, tenant, await this.#as(secret, question), ever)
    for (const { instant, texts } of at) {
      for (const question of [
        `{ resources(asOf: "${instant}", first: 500) ${whole} }`,
        `{ count(asOf: "${instant}", groupBy: [tenant, site]) { count group { key value resource ${brief} } } }`,
        ...this.#chance
          .some(refs, 4)
          .map((ref) => `{ resource(ref: "${ref}", asOf: "${instant}") { ...on Resource ${brief} } }`),
      ])
        this.#check(question, tenant, await this.#as(secret, question), texts)
    }
  }

  /** What is hidden and what is not there are refused alike, and neither tells anything. */
  async #writeAll(tenant: string): Promise<void> {
    const secret = await this.#tokenOf(tenant, 'OPERATOR')
    const now = this.#world.knownTo(tenant)
    const { ever } = this.#known.get(tenant)!
    const own = [...this.#world.things.values()].filter((thing) => thing.tenant === tenant)
    const mine = own.length === 0 ? undefined : `past:${this.#chance.pick(own).key}`
    for (const thing of this.#world.things.values()) {
      if (now.keys.has(thing.key)) {
        if (thing.tenant === tenant) await this.#writeOwn(secret, tenant, thing, ever)
        continue
      }
      for (const [ref, twin] of [
        [`${thing.kind}:name=${thing.name}`, `${thing.kind}:name=nobody-of-that-name`],
        [`past:${thing.key}`, 'past:nobody-of-that-key'],
        [this.#ids.get(thing.key)!, '987654321'],
      ] as const) {
        for (const write of writes(mine)) {
          const [told, due] = [await this.#as(secret, write(ref)), await this.#as(secret, write(twin))]
          this.#check(write(ref), tenant, told, ever)
          this.#count.refused++
          if (told.replaceAll(ref, '¤') !== due.replaceAll(twin, '¤'))
            this.#count.leaks.push({
              question: write(ref),
              tenants: [],
              what: `${told} but of what is not there ${due}`,
            })
        }
      }
    }
  }

  /** What stands in the way of it, or follows of it, may be others'. */
  async #writeOwn(
    secret: string,
    tenant: string,
    { key, kind, name }: Thing,
    ever: ReadonlySet<string>,
  ): Promise<void> {
    const ref = `past:${key}`
    for (const question of [
      `mutation { deleteResources(input: { dryRun: true, items: [{ ref: "${ref}" }] }) { counts { deleted } plan { summary } } }`,
      `mutation { deleteResources(input: { dryRun: true, cascade: true, items: [{ ref: "${ref}" }] }) { counts { deleted updated } plan { summary } } }`,
      `mutation { updateResources(input: { dryRun: true, items: [{ ref: "${ref}", changes: { contact: "x" } }] }) { plan { summary changes { path before after } } } }`,
      `mutation { importInventory(input: { dryRun: true, source: "past", items: [{ kind: ${kind}, key: "${key}", name: "${name}" }] }) { counts { updated } plan { summary changes { path before after } } resources ${brief} } }`,
    ]) {
      this.#count.refused++
      this.#check(question, tenant, await this.#as(secret, question), ever)
    }
  }
}

/** Writes that name a ref; `mine` is the writer's own. */
const writes = (mine: string | undefined): ((ref: string) => string)[] => [
  (ref) =>
    `mutation { updateResources(input: { dryRun: true, items: [{ ref: "${ref}", changes: { contact: "x" } }] }) { cursor } }`,
  (ref) =>
    `mutation { deleteResources(input: { dryRun: true, cascade: true, items: [{ ref: "${ref}" }] }) { counts { deleted } } }`,
  ...(mine === undefined
    ? []
    : [
        (ref: string) =>
          `mutation { deleteLink(input: { dryRun: true, type: DEPENDS_ON, from: "${mine}", to: "${ref}" }) { cursor } }`,
        (ref: string) =>
          `mutation { updateResources(input: { dryRun: true, items: [{ ref: "${mine}", changes: { links: [{ type: DEPENDS_ON, to: "${ref}" }] } }] }) { plan { summary } } }`,
      ]),
]
