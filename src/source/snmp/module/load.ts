import { LineCounter, parseDocument, type Document } from 'yaml'
import { invalidInput, PlenumError } from '../../../errors.ts'
import { getKind, type KindName } from '../../../resource/kind/index.ts'
import { knownMetric } from './metric.ts'
import {
  moduleSchema,
  type Expression,
  type Module,
  type ModuleMeasure,
  type ModuleResource,
} from './schema.ts'

type Path = readonly PropertyKey[]

/** Reads a module file; throws INVALID_INPUT that names file, line and reason. Look-ups in other modules' tables are checked by `loadModules`. */
export function parseModule(text: string, file: string): Module {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true })
  const refuse = (path: Path, reason: string): PlenumError =>
    invalidInput(
      `${file}:${lineOf(document, lines, path)}: ${path.join('.')}${path.length > 0 ? ': ' : ''}${reason}`,
      file,
    )
  const fault = document.errors[0]
  if (fault !== undefined)
    throw invalidInput(
      `${file}:${fault.linePos?.[0].line ?? 1}: ${fault.message.split(/ at line|\n/)[0]}`,
      file,
    )
  const { success, data, error } = moduleSchema.safeParse(document.toJS())
  if (!success) {
    const { path, message } = deepest(error.issues[0] as Issue)
    throw refuse(path, message)
  }
  for (const { path, reason } of findFaults(data)) throw refuse(path, reason)
  return data
}

interface Issue {
  path: PropertyKey[]
  message: string
  code?: string
  errors?: Issue[][]
  keys?: string[]
}

/** Of a union that fits no way, the way that its keys point to says most; of several, the issue that lies deepest. */
function deepest(issue: Issue): { path: PropertyKey[]; message: string } {
  if (issue.errors === undefined) return issue
  const ways = issue.errors.toSorted((a, b) => strangeness(a) - strangeness(b))
  const inner = ways
    .filter((way) => strangeness(way) === strangeness(ways[0] ?? []))
    .flat()
    .map((one) => {
      const { path, message } = deepest(one)
      return { path: [...issue.path, ...path], message }
    })
  return inner.toSorted((a, b) => b.path.length - a.path.length)[0] ?? issue
}

/** How little a value looks like what one way of a union wants: another type 3, keys that it has not 2, a wrong value 1. */
function strangeness(way: readonly Issue[]): number {
  const each = way.map(({ path, code }) =>
    code === 'unrecognized_keys' ? 2 : code === 'invalid_type' && path.length === 0 ? 3 : 1,
  )
  return Math.max(0, ...each)
}

function lineOf(document: Document, lines: LineCounter, path: Path): number {
  for (let length = path.length; length >= 0; length--) {
    const node = document.getIn(path.slice(0, length), true) as
      { range?: [number, number, number] } | undefined
    if (node?.range !== undefined) return lines.linePos(node.range[0]).line
  }
  return 1
}

interface Fault {
  path: Path
  reason: string
}

function* findFaults(module: Module): Iterable<Fault> {
  for (const [table, { values = {}, columns, at }] of Object.entries(module.tables)) {
    for (const [name, column] of Object.entries(columns))
      if (at === undefined && typeof (typeof column === 'object' ? column.oid : column) === 'number')
        yield {
          path: ['tables', table, 'columns', name],
          reason: 'a column number, but the table has no `at`',
        }
    for (const [name, expression] of Object.entries(values))
      yield* expressionFaults(module, table, expression, ['tables', table, 'values', name])
  }
  for (const [at, device] of module.device.entries()) {
    yield* partFaults(module, device, ['device', at])
    if (device.kind !== undefined) yield* fieldFaults(device.kind, device.fields, ['device', at, 'fields'])
  }
  for (const [at, resource] of module.resources.entries()) {
    const path = ['resources', at]
    yield* partFaults(module, resource, path)
    yield* fieldFaults(resource.kind, resource.fields, [...path, 'fields'])
    yield* templateFaults(module, resource.each, resource.key, [...path, 'key'])
    for (const [place, measure] of resource.metrics.entries())
      yield* measureFaults(module, resource.each, measure, [...path, 'metrics', place])
    for (const [place, { to, where }] of resource.links.entries())
      yield* linkFaults(module, resource.each, to, where, [...path, 'links', place])
  }
  for (const [at, metric] of module.metrics.entries()) {
    const path = ['metrics', at]
    yield* partFaults(module, { each: metric.each }, path)
    yield* measureFaults(module, metric.each, metric, path)
    if (metric.of !== undefined) yield* templateFaults(module, metric.each, metric.of, [...path, 'of'])
  }
}

function* measureFaults(module: Module, table: string, measure: ModuleMeasure, path: Path): Iterable<Fault> {
  const { name, value, where } = measure
  yield* expressionFaults(module, table, value, [...path, 'value'])
  if (where !== undefined) yield* expressionFaults(module, table, where, [...path, 'where'])
  if (typeof name !== 'string') yield* expressionFaults(module, table, name.from, [...path, 'name', 'from'])
  for (const one of typeof name === 'string' ? [name] : Object.values(name.enum)) {
    const known = knownMetric(one)
    for (const property of ['unit', 'type', 'help'] as const)
      if (known === undefined && measure[property] === undefined)
        yield { path, reason: `${one} is no known metric: say its ${property}` }
      else if (
        known !== undefined &&
        property !== 'help' &&
        (measure[property] ?? known[property]) !== known[property]
      )
        yield { path: [...path, property], reason: `${one} has the ${property} ${known[property]}` }
  }
}

function* linkFaults(
  module: Module,
  table: string,
  to: ModuleResource['links'][number]['to'],
  where: Expression | undefined,
  path: Path,
): Iterable<Fault> {
  if (where !== undefined) yield* expressionFaults(module, table, where, [...path, 'where'])
  if (to === 'device') return
  if ('ports' in to) {
    yield* expressionFaults(module, table, to.ports, [...path, 'to', 'ports'])
    if (module.tables[to.lookup] !== undefined)
      yield* templateFaults(module, to.lookup, to.key, [...path, 'to', 'key'])
  } else if ('key' in to) yield* templateFaults(module, table, to.key, [...path, 'to', 'key'])
  else {
    yield* expressionFaults(module, table, to.value, [...path, 'to', 'value'])
    if (!getKind(to.kind as KindName).identities.some(({ type }) => type === to.identity))
      yield { path: [...path, 'to', 'identity'], reason: `${to.kind} has no identity ${to.identity}` }
  }
}

interface Part {
  each: string
  where?: Expression | undefined
  name?: Expression | undefined
  fields?: Record<string, Expression>
  attributes?: Record<string, Expression>
}

function* partFaults(module: Module, part: Part, path: Path): Iterable<Fault> {
  const { each, where, name, fields = {}, attributes = {} } = part
  if (module.tables[each] === undefined)
    yield { path: [...path, 'each'], reason: `no table ${each} in this module` }
  if (where !== undefined) yield* expressionFaults(module, each, where, [...path, 'where'])
  if (name !== undefined) yield* expressionFaults(module, each, name, [...path, 'name'])
  for (const [group, values] of Object.entries({ fields, attributes }))
    for (const [key, value] of Object.entries(values))
      yield* expressionFaults(module, each, value, [...path, group, key])
}

function* fieldFaults(kind: string, fields: Record<string, Expression>, path: Path): Iterable<Fault> {
  const known = getKind(kind as KindName).fields
  for (const field of Object.keys(fields))
    if (known[field]?.from !== 'property')
      yield { path: [...path, field], reason: `${kind} has no field ${field}` }
}

/** Names of the row that an expression or template uses. */
export function namesOf(module: Module, table: string): ReadonlySet<string> {
  const { index, columns, values } = module.tables[table] ?? { index: [], columns: {}, values: {} }
  const parts = index.map((part) => (typeof part === 'string' ? part : part.name))
  return new Set(['index', ...parts, ...Object.keys(columns), ...Object.keys(values ?? {})])
}

function* templateFaults(module: Module, table: string, template: string, path: Path): Iterable<Fault> {
  const names = namesOf(module, table)
  for (const [, name = ''] of template.matchAll(/\{([^}]*)\}/g))
    if (!names.has(name)) yield { path, reason: `table ${table} has no ${name}` }
}

function* expressionFaults(
  module: Module,
  table: string,
  expression: Expression,
  path: Path,
): Iterable<Fault> {
  if (typeof expression === 'string') {
    if (!namesOf(module, table).has(expression)) yield { path, reason: `table ${table} has no ${expression}` }
    return
  }
  if ('text' in expression) return yield* templateFaults(module, table, expression.text, path)
  const inner: Expression[] = []
  if ('first' in expression) inner.push(...expression.first)
  if ('from' in expression)
    inner.push(expression.from, ...(expression.exponent === undefined ? [] : [expression.exponent]))
  for (const operation of ['sum', 'difference', 'product', 'quotient', 'all'] as const)
    inner.push(...((expression as Partial<Record<typeof operation, Expression[]>>)[operation] ?? []))
  if ('dbm' in expression) inner.push(expression.dbm)
  if ('not' in expression) inner.push(expression.not)
  if ('count' in expression) {
    inner.push(expression.by)
    if (module.tables[expression.count] !== undefined)
      for (const property of ['on', 'distinct'] as const)
        if (expression[property] !== undefined)
          yield* expressionFaults(module, expression.count, expression[property], [...path, property])
  }
  if ('lookup' in expression) {
    inner.push(expression.by)
    const other = expression.lookup
    if (module.tables[other] !== undefined)
      yield* expressionFaults(module, other, expression.get, [...path, 'get'])
  }
  if ('lldpId' in expression) inner.push(expression.subtype, expression.id)
  if ('if' in expression)
    inner.push(expression.if, expression.then, ...(expression.else === undefined ? [] : [expression.else]))
  for (const one of inner) yield* expressionFaults(module, table, one, path)
}
