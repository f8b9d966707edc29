/**
 * Terminology
 * - dump: a NetBox database in Django's fixture form, a list of rows `{ model, pk, fields }`.
 * - key: `<model>.<pk>`, such as `dcim.device.7`; what Plenum keeps as the source's own key.
 * - used: a row that has no resource of its own, but whose facts went into others.
 */
import { PlenumError } from '../../errors.ts'

export interface Row {
  readonly model: string
  readonly pk: number | string
  /** Place in the fixture's list, counted from 0. */
  readonly index: number
  readonly fields: Readonly<Record<string, unknown>>
}

export interface Problem {
  path: string
  message: string
}

const mostProblems = 100

export const keyOf = (row: Row): string => `${row.model}.${row.pk}`
export const pathOf = (row: Row): string => `[${row.index}] ${keyOf(row)}`

/** Rows by model and pk, with what was wrong with them and which were used. */
export class Dump {
  readonly problems: Problem[] = []
  problemTotal = 0
  readonly #tables = new Map<string, Map<string, Row>>()
  readonly #used = new Set<Row>()
  readonly #indexes = new Map<string, Map<unknown, Row[]>>()

  constructor(rows: readonly Row[]) {
    for (const row of rows) this.#add(row)
  }

  #add(row: Row): void {
    const table = this.#tables.get(row.model) ?? new Map<string, Row>()
    this.#tables.set(row.model, table)
    const former = table.get(String(row.pk))
    if (former) this.fail(row, `there is already a ${row.model} with pk ${row.pk} at [${former.index}]`)
    else table.set(String(row.pk), row)
  }

  get models(): string[] {
    return [...this.#tables.keys()].sort()
  }

  rows(model: string): Row[] {
    return [...(this.#tables.get(model)?.values() ?? [])]
  }

  /** The rows of a model whose field has this value; indexed at the first call. */
  where(model: string, field: string, value: unknown): readonly Row[] {
    const name = `${model}/${field}`
    const index = this.#indexes.get(name) ?? Map.groupBy(this.rows(model), ({ fields }) => fields[field])
    this.#indexes.set(name, index)
    return index.get(value) ?? []
  }

  /** The row, marked as used; undefined when the dump does not have it. */
  find(model: string, pk: unknown): Row | undefined {
    const row = this.#tables.get(model)?.get(String(pk))
    if (row) this.#used.add(row)
    return row
  }

  use(row: Row): void {
    this.#used.add(row)
  }

  isUsed(row: Row): boolean {
    return this.#used.has(row)
  }

  fail(row: Row, message: string): void {
    this.problemTotal += 1
    if (this.problems.length < mostProblems) this.problems.push({ path: pathOf(row), message })
  }

  /** INVALID_INPUT with all problems, when there are any. */
  check(): void {
    const [first] = this.problems
    if (first === undefined) return
    const more = this.problemTotal > 1 ? ` (and ${this.problemTotal - 1} more)` : ''
    throw new PlenumError('INVALID_INPUT', `The NetBox dump: ${first.path}: ${first.message}${more}`, {
      path: first.path,
      problems: this.problems,
    })
  }

  /** A content type as fixtures write it: `["dcim", "site"]`, a pk, or `dcim.site`. */
  modelOf(row: Row, value: unknown): string | undefined {
    if (Array.isArray(value) && value.length === 2) return value.join('.')
    if (typeof value === 'string') return value
    const type = this.find('contenttypes.contenttype', value)
    if (type) return `${type.fields['app_label']}.${type.fields['model']}`
    this.fail(row, `the content type ${JSON.stringify(value)} is not in the dump`)
    return undefined
  }
}
