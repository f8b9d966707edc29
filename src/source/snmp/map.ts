/** Makes observations and readings of the tables of a device, as its modules say. Pure. */
import type { LinkClaim, LinkTarget, Observation } from '../../resource/resource.ts'
import type { KindName } from '../../resource/kind/index.ts'
import { hasValue, evaluate, fill, rowOf, type Tables } from './module/evaluate.ts'
import type { Row } from './module/row.ts'
import type { Expression, Module, ModuleResource } from './module/schema.ts'
import type { Value } from './module/decode.ts'
import { soundAttribute, soundFields, soundKey } from './sound.ts'
import { Readings, type MappedReading } from './reading.ts'

export type { MappedReading } from './reading.ts'

export interface MappedDevice {
  /** The Source's name, for links between its own keys. */
  source: string
  /** The device's own key; keys of its parts begin with it. */
  key: string
  /** What it is called and taken for until a module says better. */
  name: string
  /** It is the system in a virtual machine. */
  isGuest?: boolean
}

export interface Mapped {
  /** The device first. */
  observations: Observation[]
  /** At most one of each metric of each key. */
  readings: MappedReading[]
}

export function toObservations(modules: readonly Module[], tables: Tables, device: MappedDevice): Mapped {
  const found = new Map<string, Observation>()
  found.set(device.key, deviceObservation(modules, tables, device))
  for (const module of modules)
    for (const resource of module.resources)
      for (const { row, key, name } of keyedRows(resource, tables, device)) {
        const observation = toObservation(resource, row, key, name, tables, device)
        if (observation !== null) merge(found, observation)
      }
  return {
    observations: [...found.values()],
    readings: toReadings(modules, tables, device, new Set(found.keys())),
  }
}

/** Readings alone, of what is known by these keys: what a poll between two inventories tells. */
export function toReadings(
  modules: readonly Module[],
  tables: Tables,
  device: MappedDevice,
  keys: ReadonlySet<string>,
): MappedReading[] {
  const readings = new Readings()
  for (const module of modules)
    for (const resource of module.resources.filter(({ metrics }) => metrics.length > 0))
      for (const { row, key } of keyedRows(resource, tables, device))
        if (keys.has(key)) for (const measure of resource.metrics) readings.take(key, measure, row, tables)
  for (const module of modules)
    for (const metric of module.metrics)
      for (const row of rowsOf({ each: metric.each }, tables)) {
        const key = metric.of === undefined ? device.key : keyOf(metric.of, row, tables, device)
        if (key !== null && keys.has(key)) readings.take(key, metric, row, tables)
      }
  return readings.all()
}

/** The rows that a resource is made of. Two that are called the same are two things: the later one's key says which row it is. */
function keyedRows(
  resource: ModuleResource,
  tables: Tables,
  device: MappedDevice,
): { row: Row; key: string; name: string }[] {
  const keys = new Set<string>()
  return rowsOf(resource, tables).flatMap((row) => {
    const first = keyOf(resource.key, row, tables, device)
    const name = evaluate(resource.name, row, tables)
    if (first === null || !isName(name)) return []
    const key = !resource.hearsay && keys.has(first) ? `${first}#${row.index}` : first
    keys.add(key)
    return [{ row, key, name: String(name) }]
  })
}

function rowsOf(part: { each: string; where?: Expression | undefined }, tables: Tables): Row[] {
  const { each, where } = part
  const rows = [...(tables.get(each)?.rows.values() ?? [])]
  return where === undefined ? rows : rows.filter((row) => hasValue(evaluate(where, row, tables)))
}

/** Every module may add to the device; what an earlier one said stays. */
function deviceObservation(modules: readonly Module[], tables: Tables, device: MappedDevice): Observation {
  let kind: KindName | undefined
  let name: string | undefined
  const fields: Record<string, unknown> = {}
  const attributes: Record<string, unknown> = {}
  for (const module of modules)
    for (const part of module.device)
      for (const row of rowsOf(part, tables)) {
        kind ??= part.kind
        const called = part.name === undefined ? null : evaluate(part.name, row, tables)
        if (isName(called)) name ??= String(called)
        addTo(fields, part.fields, row, tables)
        addTo(attributes, part.attributes, row, tables)
      }
  kind ??= 'Device'
  if (kind === 'Server' && device.isGuest === true) kind = 'VirtualMachine'
  // What only other kinds have is left out: any module may say something about any device.
  return {
    key: device.key,
    kind,
    name: name ?? device.name,
    fields: soundFields(kind, fields) ?? {},
    attributes,
  }
}

const isName = (value: Value): boolean => value !== null && String(value).trim() !== ''

function addTo(
  into: Record<string, unknown>,
  from: Record<string, Expression>,
  row: Row,
  tables: Tables,
): void {
  for (const [field, expression] of Object.entries(from)) {
    if (into[field] !== undefined) continue
    const value = evaluate(expression, row, tables)
    if (value !== null && value !== '') into[field] = soundAttribute(value)
  }
}

function toObservation(
  resource: ModuleResource,
  row: Row,
  key: string,
  name: string,
  tables: Tables,
  device: MappedDevice,
): Observation | null {
  const said: Record<string, unknown> = {}
  addTo(said, resource.fields, row, tables)
  const fields = soundFields(resource.kind as KindName, said)
  if (fields === null) return null
  const attributes: Record<string, unknown> = {}
  addTo(attributes, resource.attributes, row, tables)
  const claims = resource.links.flatMap((link) => toLink(link, row, tables, device))
  // A port that is named twice is one link.
  const links = [...new Map(claims.map((claim) => [JSON.stringify(claim), claim])).values()]
  if (isPart(resource) && !links.some(({ type }) => type === 'PART_OF'))
    links.unshift({ type: 'PART_OF', to: { source: device.source, key: device.key } })
  return {
    key,
    kind: resource.kind as KindName,
    name,
    fields,
    attributes,
    links,
    ...(resource.hearsay && { hearsay: true }),
  }
}

const partKinds: readonly string[] = ['Component', 'NetworkInterface', 'BgpPeer']
const isPart = ({ kind, hearsay, key }: ModuleResource): boolean =>
  !hearsay && partKinds.includes(kind) && !key.startsWith('/')

function keyOf(template: string, row: Row, tables: Tables, device: MappedDevice): string | null {
  const text = fill(template, row, tables)
  if (text === null) return null
  return soundKey(text.startsWith('/') ? text.slice(1) : `${device.key}/${text}`)
}

function toLink(
  { type, direction, where, to }: ModuleResource['links'][number],
  row: Row,
  tables: Tables,
  device: MappedDevice,
): LinkClaim[] {
  if (where !== undefined && !hasValue(evaluate(where, row, tables))) return []
  return toTargets(to, row, tables, device).map((target) => ({
    type,
    ...(direction !== undefined && { direction }),
    to: target,
  }))
}

function toTargets(
  to: ModuleResource['links'][number]['to'],
  row: Row,
  tables: Tables,
  device: MappedDevice,
): LinkTarget[] {
  const byKey = (template: string, on: Row): LinkTarget[] => {
    const key = keyOf(template, on, tables, device)
    return key === null ? [] : [{ source: device.source, key }]
  }
  if (to === 'device') return [{ source: device.source, key: device.key }]
  if ('ports' in to) {
    const { lookup, on, plus = 0 } = to
    const ports = String(evaluate(to.ports, row, tables) ?? '').split(',')
    const rows = ports
      .filter((port) => port.trim() !== '')
      .map((port) => rowOf(tables, lookup, on, String(Number(port) + plus)))
    return rows.flatMap((port) => (port === undefined ? [] : byKey(to.key, port)))
  }
  if ('key' in to) return byKey(to.key, row)
  const value = evaluate(to.value, row, tables)
  return hasValue(value) ? [{ kind: to.kind as KindName, identity: to.identity, value: String(value) }] : []
}

/** Two rows that say something about the same thing: the first one's values stay, links of both. */
function merge(found: Map<string, Observation>, observation: Observation): void {
  const known = found.get(observation.key)
  if (known === undefined) return void found.set(observation.key, observation)
  const seen = new Set(known.links?.map((link) => JSON.stringify(link)))
  const links = observation.links?.filter((link) => !seen.has(JSON.stringify(link))) ?? []
  found.set(observation.key, {
    ...known,
    fields: { ...observation.fields, ...known.fields },
    attributes: { ...observation.attributes, ...known.attributes },
    links: [...(known.links ?? []), ...links],
  })
}
