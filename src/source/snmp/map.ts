/** Makes observations and readings of the tables of a device, as its modules say. Pure. */
import type { LinkClaim, LinkTarget, Observation } from '../../resource/resource.ts'
import type { KindName } from '../../resource/kind/index.ts'
import { hasValue, evaluate, fill, type Tables } from './module/evaluate.ts'
import type { Value } from './module/decode.ts'
import type { Row } from './module/row.ts'
import type { Expression, Module, ModuleMetric, ModuleResource } from './module/schema.ts'

export interface MappedDevice {
  /** The Source's name, for links between its own keys. */
  source: string
  /** The device's own key; keys of its parts begin with it. */
  key: string
  /** What it is called and taken for until a module says better. */
  name: string
}

/** One value of one metric. Counters are as read; rates are made where the last value is known. */
export interface MappedReading {
  key: string
  metric: string
  unit: string | null
  /** Which of several of this metric on one resource. */
  label: string | null
  type: 'gauge' | 'counter'
  value: number
}

export interface Mapped {
  /** The device first. */
  observations: Observation[]
  readings: MappedReading[]
}

export function toObservations(modules: readonly Module[], tables: Tables, device: MappedDevice): Mapped {
  const found = new Map<string, Observation>()
  found.set(device.key, deviceObservation(modules, tables, device))
  for (const module of modules)
    for (const resource of module.resources) {
      // Two rows of one table that are called the same are two things: the later one's key says which row it is.
      const keys = new Set<string>()
      for (const row of rowsOf(resource, tables)) {
        const observation = toObservation(resource, row, tables, device)
        if (observation === null) continue
        if (!resource.hearsay && keys.has(observation.key)) observation.key += `#${row.index}`
        keys.add(observation.key)
        merge(found, observation)
      }
    }
  const observations = [...found.values()]
  return { observations, readings: toReadings(modules, tables, device, new Set(found.keys())) }
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
        if (called !== null && called !== '') name ??= String(called)
        addTo(fields, part.fields, row, tables)
        addTo(attributes, part.attributes, row, tables)
      }
  return { key: device.key, kind: kind ?? 'Device', name: name ?? device.name, fields, attributes }
}

function addTo(
  into: Record<string, unknown>,
  from: Record<string, Expression>,
  row: Row,
  tables: Tables,
): void {
  for (const [field, expression] of Object.entries(from)) {
    if (into[field] !== undefined) continue
    const value = evaluate(expression, row, tables)
    if (value !== null && value !== '') into[field] = value
  }
}

function toObservation(
  resource: ModuleResource,
  row: Row,
  tables: Tables,
  device: MappedDevice,
): Observation | null {
  const key = keyOf(resource.key, row, tables, device)
  const name = evaluate(resource.name, row, tables)
  if (key === null || name === null || name === '') return null
  const fields: Record<string, unknown> = {}
  const attributes: Record<string, unknown> = {}
  addTo(fields, resource.fields, row, tables)
  addTo(attributes, resource.attributes, row, tables)
  const links = resource.links.flatMap((link) => toLink(link, row, tables, device))
  return {
    key,
    kind: resource.kind as KindName,
    name: String(name),
    fields,
    attributes,
    links,
    ...(resource.hearsay && { hearsay: true }),
  }
}

function keyOf(template: string, row: Row, tables: Tables, device: MappedDevice): string | null {
  const text = fill(template, row, tables)
  if (text === null) return null
  return text.startsWith('/') ? text.slice(1) : `${device.key}/${text}`
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
    const ports = String(evaluate(to.ports, row, tables) ?? '').split(',')
    const rows = ports.map((port) => tables.get(to.lookup)?.rows.get(port))
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

function toReadings(
  modules: readonly Module[],
  tables: Tables,
  device: MappedDevice,
  keys: ReadonlySet<string>,
): MappedReading[] {
  return modules.flatMap((module) =>
    module.metrics.flatMap((metric) =>
      rowsOf(metric, tables).flatMap((row) => toReading(metric, row, tables, device, keys)),
    ),
  )
}

function toReading(
  metric: ModuleMetric,
  row: Row,
  tables: Tables,
  device: MappedDevice,
  keys: ReadonlySet<string>,
): MappedReading[] {
  const key = metric.of === undefined ? device.key : keyOf(metric.of, row, tables, device)
  const name = labelOf(metric.name, row, tables)
  const value = evaluate(metric.value, row, tables)
  if (key === null || !keys.has(key) || name === null || value === null) return []
  const number = Number(value)
  if (!Number.isFinite(number)) return []
  const unit = metric.unit === undefined ? null : labelOf(metric.unit, row, tables)
  const label = metric.label === undefined ? null : evaluate(metric.label, row, tables)
  return [
    {
      key,
      metric: name,
      unit,
      label: label === null ? null : String(label),
      type: metric.type,
      value: number,
    },
  ]
}

function labelOf(label: ModuleMetric['name'], row: Row, tables: Tables): string | null {
  if (typeof label === 'string') return label
  const value: Value = evaluate(label.from, row, tables)
  return value === null ? null : (label.enum[String(value)] ?? null)
}
