/**
 * All rows of a NetBox, kept between listings: after the first only what changed since is asked for, and a model whose count does not come out is listed anew. Pages
 * go by id, so that what comes and goes meanwhile shifts nothing.
 */
import type { Http } from '../../http.ts'
import { SourceError } from '../../source.ts'
import { Dump, type Row } from '../dump.ts'
import { endpoints } from './endpoint.ts'
import { parseVersion, toInnerRows, toRow, type Item, type Version } from './map.ts'

interface Page {
  count: number
  results: Item[]
}

interface Table {
  items: Map<number, Item>
  /** The newest `last_updated` that was seen. */
  until: string | undefined
}

/** So many listings in a row may be of changes only. */
const mostIncremental = 20
const atOnce = 8

export class Inventory {
  readonly #http: Http
  readonly #headers: () => Promise<Record<string, string>>
  readonly #pageSize: number
  readonly #tables = new Map<string, Table>()
  #listings = 0

  constructor(http: Http, headers: () => Promise<Record<string, string>>, pageSize: number) {
    this.#http = http
    this.#headers = headers
    this.#pageSize = pageSize
  }

  /** All, or with `changed` what is known with these models asked for anew. */
  async read(signal: AbortSignal, changed?: ReadonlySet<string>): Promise<Dump> {
    const version = await this.#version(signal)
    const isPart = changed !== undefined && this.#tables.size > 0
    if (!isPart && this.#listings++ % mostIncremental === 0) this.#tables.clear()
    const stop = new AbortController()
    const either = AbortSignal.any([signal, stop.signal])
    const models = isPart ? [...changed] : Object.keys(endpoints)
    const work = async (): Promise<void> => {
      for (let model = models.shift(); model !== undefined; model = models.shift())
        await this.#update(model, either)
    }
    try {
      await Promise.all(Array.from({ length: atOnce }, work))
    } catch (error) {
      // The others' answers are of no use: they may not go on behind the back of who asked.
      stop.abort()
      throw error
    }
    return this.#toDump(version)
  }

  async #version(signal: AbortSignal): Promise<Version> {
    const status = await this.#get<Record<string, unknown>>('api/status/', {}, signal)
    const version = parseVersion(status?.['netbox-version'])
    if (version === undefined || version.major < 3)
      throw new SourceError('bad', 'api/status/ does not say that this is a NetBox 3 or later')
    return version
  }

  async #update(model: string, signal: AbortSignal): Promise<void> {
    const known = this.#tables.get(model)
    if (known?.until === undefined || !(await this.#takeChanges(model, known, signal)))
      this.#tables.set(model, await this.#list(model, {}, signal))
  }

  /** Whether with what changed it is whole. */
  async #takeChanges(model: string, known: Table, signal: AbortSignal): Promise<boolean> {
    const [changed, { count }] = await Promise.all([
      this.#list(model, { last_updated__gte: known.until! }, signal),
      this.#page(model, { limit: 1 }, signal),
    ])
    for (const [id, item] of changed.items) known.items.set(id, item)
    known.until = changed.until ?? known.until
    return count === known.items.size
  }

  async #list(model: string, filter: Record<string, string>, signal: AbortSignal): Promise<Table> {
    const table: Table = { items: new Map(), until: undefined }
    for (let last = 0, more = true; more;) {
      const query = { ...filter, ordering: 'id', limit: this.#pageSize, id__gt: last }
      const { count, results } = await this.#page(model, query, signal)
      for (const item of results) this.#take(model, table, item, last)
      const next = results.at(-1)?.id ?? last
      if (results.length < count && next <= last)
        throw new SourceError(
          'bad',
          `${endpoints[model]} says that there are ${count} more, and lists none of them`,
        )
      more = results.length < count
      last = next
    }
    return table
  }

  #take(model: string, table: Table, item: Item, after: number): void {
    if (typeof item !== 'object' || item === null || !Number.isSafeInteger(item.id) || item.id <= after)
      throw new SourceError('bad', `${endpoints[model]} lists what is no object with an id in order`)
    table.items.set(item.id, item)
    const updated = item['last_updated']
    if (typeof updated === 'string' && (table.until === undefined || updated > table.until))
      table.until = updated
  }

  async #page(model: string, query: Record<string, string | number>, signal: AbortSignal): Promise<Page> {
    const path = `api/${endpoints[model]}/`
    const page = await this.#get<Partial<Page>>(path, query, signal)
    // Older ones do not have every model.
    if (page === undefined) return { count: 0, results: [] }
    if (page === null || !Number.isSafeInteger(page.count) || !Array.isArray(page.results))
      throw new SourceError('bad', `${path} is no list`)
    return page as Page
  }

  /** Undefined when there is no such thing. */
  async #get<T>(
    path: string,
    query: Record<string, string | number>,
    signal: AbortSignal,
  ): Promise<T | undefined> {
    try {
      return await this.#http.json<T>({ path, query, headers: await this.#headers() }, signal)
    } catch (error) {
      if (error instanceof SourceError && error.failure === 'missing') return undefined
      throw error
    }
  }

  #toDump(version: Version): Dump {
    const rows: Row[] = []
    const inner: Row[] = []
    let index = 0
    for (const [model, { items }] of this.#tables)
      for (const item of items.values()) {
        rows.push(toRow(model, item, index++, version))
        inner.push(...toInnerRows(model, item, () => index++))
      }
    return new Dump([...rows, ...inner])
  }
}
