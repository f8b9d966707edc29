/** Reads one row's fields, remembers which were read, and gives what is left: that goes to attributes, so nothing is lost silently. */
import { type Dump, type Row } from './dump.ts'

/** What NetBox keeps for itself. */
const bookkeeping = new Set([
  'created',
  'last_updated',
  'lft',
  'rght',
  'tree_id',
  'level',
  'slug',
  'color',
  'cable',
  'cable_end',
  'mark_connected',
  'local_context_data',
])

const isEmpty = (value: unknown): boolean =>
  value === null ||
  value === undefined ||
  value === '' ||
  value === false ||
  (typeof value === 'object' && Object.keys(value).length === 0)

export class Fields {
  readonly dump: Dump
  readonly row: Row
  readonly #read = new Set<string>()

  constructor(dump: Dump, row: Row) {
    this.dump = dump
    this.row = row
  }

  raw(name: string): unknown {
    this.#read.add(name)
    return this.row.fields[name]
  }

  /** Undefined when absent, null or empty. */
  text(name: string): string | undefined {
    const value = this.raw(name)
    if (isEmpty(value)) return undefined
    if (typeof value === 'string') return value
    if (typeof value === 'number') return String(value)
    this.dump.fail(this.row, `${name} should be a text, not ${JSON.stringify(value).slice(0, 60)}`)
    return undefined
  }

  /** Decimals are texts in fixtures. */
  number(name: string): number | undefined {
    const value = this.raw(name)
    if (value === null || value === undefined || value === '') return undefined
    const number = typeof value === 'string' || typeof value === 'number' ? Number(value) : NaN
    if (Number.isFinite(number)) return number
    this.dump.fail(this.row, `${name} should be a number, not ${JSON.stringify(value).slice(0, 60)}`)
    return undefined
  }

  flag(name: string): boolean {
    return this.raw(name) === true
  }

  /** The row that a foreign key means; a pk that the dump lacks is a problem. */
  ref(name: string, model: string): Row | undefined {
    const pk = this.raw(name)
    if (pk === null || pk === undefined || pk === '') return undefined
    return this.#get(name, model, pk)
  }

  refs(name: string, model: string): Row[] {
    const list = this.raw(name)
    return Array.isArray(list) ? list.flatMap((pk) => this.#get(name, model, pk) ?? []) : []
  }

  /** What a generic foreign key means: a content type beside a pk. */
  object(typeName: string, pkName: string): Row | undefined {
    const [type, pk] = [this.raw(typeName), this.raw(pkName)]
    if (isEmpty(type) || isEmpty(pk)) return undefined
    const model = this.dump.modelOf(this.row, type)
    return model === undefined ? undefined : this.#get(pkName, model, pk)
  }

  #get(name: string, model: string, pk: unknown): Row | undefined {
    const found = this.dump.find(model, pk)
    if (!found)
      this.dump.fail(this.row, `${name} is ${model} ${JSON.stringify(pk)}, which is not in the dump`)
    return found
  }

  /** The name of what a foreign key means. */
  nameOf(name: string, model: string, property = 'name'): string | undefined {
    const value = this.ref(name, model)?.fields[property]
    return typeof value === 'string' && value !== '' ? value : undefined
  }

  /** What nobody read, without empty and false values and NetBox's own bookkeeping. */
  rest(): Record<string, unknown> {
    const entries = Object.entries(this.row.fields).filter(
      ([name, value]) =>
        !this.#read.has(name) && !name.startsWith('_') && !bookkeeping.has(name) && !isEmpty(value),
    )
    return Object.fromEntries(entries)
  }
}
