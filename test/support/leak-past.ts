/**
 * Leaks out of tables, by the API as it is: history, differences, former instants, events, alerts, and what is said of writes that are refused. Worlds change while it is noted what
 * each tenant could know; no answer may hold a text or an id that its tenant could never know, nor one of a former instant what it could not know then. And what is hidden is not told apart from
 * what is not there.
 */
import type { Db } from '../../src/db.ts'
import type { Ask } from './asking.ts'
import { Chance } from './chance.ts'
import type { Leak } from './leaks.ts'
import { Happenings, lastOf } from './leak-happening.ts'
import { followAll, type Following } from './leak-told.ts'
import { brief, questionsOfAll, whole } from './leak-question.ts'
import { writes, writesOfGiven, writesOfTenant } from './leak-write.ts'
import { PastWorld, toItem, type Thing } from './past-world.ts'

export interface PastCount {
  worlds: number
  asked: number
  /** Subscriptions, live and replayed. */
  followed: number
  /** Answers that held something that the tenant may know. */
  telling: number
  /** Writes that were refused. */
  refused: number
  leaks: Leak[]
}

/** What is asked; each world has one of its own. */
export interface PastApp {
  url: string
  query: Ask
  database: { db: Db }
  close(): Promise<void>
}

/** To be the app's. */
export const pastAllocation = { pools: { racks: { kind: 'Rack', where: {} } } }
const steps = 5
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
  const count: PastCount = { worlds: 0, asked: 0, followed: 0, telling: 0, refused: 0, leaks: [] }
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
  readonly #secrets = new Map<string, string>()
  readonly #known: Map<string, Known>
  readonly #happenings: Happenings
  #began = ''

  constructor(chance: Chance, app: PastApp, count: PastCount) {
    this.#chance = chance
    this.#app = app
    this.#count = count
    this.#world = new PastWorld(chance)
    this.#happenings = new Happenings(app, this.#world, this.#ids)
    this.#known = new Map(
      this.#world.tenants.map((tenant) => [tenant, { ever: new Set(), everKeys: new Set(), at: [] }]),
    )
  }

  async run(): Promise<void> {
    this.#began = new Date(Date.now() - 1_000).toISOString()
    const { cursor } = await this.#admin('{ cursor }')
    await this.#put([...this.#world.things.values()])
    for (const tenant of this.#world.tenants) this.#secrets.set(tenant, await this.#tokenOf(tenant, 'VIEWER'))
    const live = this.#followEach(undefined)
    for (let step = 0; step < steps; step++) await this.#put(this.#world.change())
    await this.#happenings.alarm()
    for (const tenant of this.#world.tenants) await this.#happenings.give(tenant)
    await this.#happenings.end()
    this.#remember(new Date().toISOString())
    await this.#checkFollowed(live)
    await this.#checkFollowed(this.#followEach(cursor))
    for (const tenant of this.#world.tenants) {
      await this.#askAll(tenant)
      await this.#writeAll(tenant)
    }
  }

  #followEach(after: string | undefined): [string, Following][] {
    return this.#world.tenants.map((tenant, index) => [
      tenant,
      followAll(this.#app.url, this.#secrets.get(tenant)!, after, lastOf(index)),
    ])
  }

  async #checkFollowed(following: readonly [string, Following][]): Promise<void> {
    for (const [tenant, { ended, close }] of following) {
      for (const { question, text } of await ended) {
        this.#count.followed++
        this.#check(question, tenant, text, this.#known.get(tenant)!.ever)
      }
      await close()
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
    for (const [tenant, lines] of await this.#happenings.write())
      for (const line of lines) this.#known.get(tenant)!.ever.add(line)
    // The next change is later than the instant that this one is remembered by.
    const written = Date.now()
    while (Date.now() <= written + 2);
    this.#remember(new Date(written + 1).toISOString())
  }

  #remember(instant: string): void {
    for (const [tenant, known] of this.#known) {
      const { texts, keys } = this.#world.knownTo(tenant)
      for (const text of texts) known.ever.add(text)
      for (const key of keys) known.everKeys.add(key)
      known.at.push({ instant, texts })
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
    // A question that is none would find no leak.
    if (errors?.some(({ message }) => /^(Cannot query field|Unknown |Field ")/.test(message)))
      throw new Error(`${errors[0]!.message}: ${question}`)
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
    const secret = this.#secrets.get(tenant)!
    const { ever, at } = this.#known.get(tenant)!
    const refs = [...this.#world.things.keys()].map((key) =>
      this.#chance.pick([`past:${key}`, this.#ids.get(key)!]),
    )
    const questions = questionsOfAll({
      ...{ refs, some: this.#chance.some(refs, 6), tenant, tenants: this.#world.tenants },
      ...{
        given: [...this.#happenings.given.keys()],
        began: this.#began,
        from: at[1]!.instant,
        to: at[3]!.instant,
      },
    })
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
        const asked = thing.kind === 'Tenant' ? [...writes(mine), ...writesOfTenant] : writes(mine)
        for (const write of asked) await this.#writeTwice(secret, tenant, write, ref, twin)
      }
    }
    for (const [id, holder] of this.#happenings.given)
      if (holder !== tenant)
        for (const write of writesOfGiven) await this.#writeTwice(secret, tenant, write, id, '987654321')
  }

  /** Of what is hidden as of what is not there. */
  async #writeTwice(
    secret: string,
    tenant: string,
    write: (ref: string) => string,
    ref: string,
    twin: string,
  ): Promise<void> {
    const [told, due] = [await this.#as(secret, write(ref)), await this.#as(secret, write(twin))]
    this.#check(write(ref), tenant, told, this.#known.get(tenant)!.ever)
    this.#count.refused++
    if (told.replaceAll(ref, '¤') !== due.replaceAll(twin, '¤'))
      this.#count.leaks.push({
        question: write(ref),
        tenants: [],
        what: `${told} but of what is not there ${due}`,
      })
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
