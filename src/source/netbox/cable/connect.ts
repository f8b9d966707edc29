/** Cables as links: one between the ends of every way, with the way in the link's attributes; and what follows from them about power. */
import type { LinkClaim } from '../../../resource/resource.ts'
import { keyOf, type Row } from '../dump.ts'
import { Fields } from '../field.ts'
import { deviceName } from '../map/device.ts'
import { present, target, type Mapping } from '../map/draft.ts'
import { portRoles } from '../map/port.ts'
import { trace, type Trace } from './trace.ts'
import { passModels, Wiring, type Plug } from './wiring.ts'

/** Claims by the key of the row that says them. */
export type Claims = Map<string, LinkClaim[]>

export interface Connection {
  from: Row
  to: Row
  steps: readonly Row[]
}

/** Every link that the cables make: complete ways, then ways that end in a panel or circuit, then trunks between panels. */
export function findConnections(mapping: Mapping): Connection[] {
  const wiring = new Wiring(mapping.dump)
  const isPass = (plug: Plug) => passModels.has(wiring.ends(plug)[0]?.model ?? '')
  const filled = wiring.plugs.filter((plug) => wiring.ends(plug).length > 0)
  const traces = filled.filter((plug) => !isPass(plug)).map((plug) => trace(wiring, plug))
  const trunks = filled.filter(isPass).map((plug) => trace(wiring, plug, true))
  const found = new Map<string, Connection>()
  const whole = new Set<Row>()
  for (const way of traces.filter(({ complete }) => complete)) {
    for (const row of [...way.from, ...way.to]) whole.add(row)
    addPairs(found, way)
  }
  for (const way of traces) if (!way.complete && !way.from.some((row) => whole.has(row))) addPairs(found, way)
  for (const way of trunks) if (isTrunk(way)) addPairs(found, way)
  return [...found.values(), ...circuitCables(wiring, found)]
}

const isPanel = ({ model }: Row): boolean => model === 'dcim.frontport' || model === 'dcim.rearport'
const isTrunk = ({ from, to }: Trace): boolean =>
  from.every(isPanel) && to.every((row) => isPanel(row) || row.model.startsWith('circuits.'))

function addPairs(found: Map<string, Connection>, { from, to, steps }: Trace): void {
  for (const one of from) {
    for (const other of to) {
      const name = [keyOf(one), keyOf(other)].sort().join(' ')
      if (one !== other && !found.has(name)) found.set(name, { from: one, to: other, steps })
    }
  }
}

/** Cables that only join two circuits. */
function circuitCables(wiring: Wiring, found: Map<string, Connection>): Connection[] {
  const used = new Set([...found.values()].flatMap(({ steps }) => steps))
  return wiring.plugs.flatMap((plug) => {
    if (plug.side === 'B' || used.has(plug.cable)) return []
    const [from, to] = [wiring.ends(plug)[0], wiring.farEnds(plug)[0]].map(
      (end) => end && wiring.circuitOf(end),
    )
    return from && to && from !== to ? [{ from, to, steps: [plug.cable] }] : []
  })
}

export function connect(mapping: Mapping): Claims {
  const claims: Claims = new Map()
  const connections = findConnections(mapping)
  for (const connection of connections) {
    for (const step of connection.steps) mapping.dump.use(step)
    add(claims, connection.from, {
      type: 'CONNECTED_TO',
      to: target(mapping, connection.to),
      attributes: toAttributes(mapping, connection.steps),
    })
  }
  addPower(mapping, connections, claims)
  addWireless(mapping, claims)
  return claims
}

function add(claims: Claims, row: Row, claim: LinkClaim): void {
  claims.set(keyOf(row), [...(claims.get(keyOf(row)) ?? []), claim])
}

function toAttributes(mapping: Mapping, steps: readonly Row[]): Record<string, unknown> {
  const path = steps.map((step) => toStep(mapping, step))
  const panels = new Set(path.flatMap((step) => ('device' in step ? [step['device']] : [])))
  const statuses = new Set(path.flatMap((step) => ('status' in step ? [step['status']] : [])))
  return present({
    path,
    panels: panels.size > 0 ? [...panels] : undefined,
    status: [...statuses].find((status) => status !== 'connected'),
  })
}

function toStep(mapping: Mapping, row: Row): Record<string, unknown> {
  const fields = new Fields(mapping.dump, row)
  if (row.model === 'dcim.cable') {
    const length = fields.number('length')
    const told = ['type', 'label', 'color', 'status'].map((name) => [name, fields.text(name)])
    const size = length === undefined ? undefined : `${length} ${fields.text('length_unit') ?? ''}`.trim()
    return present({ cable: keyOf(row), ...Object.fromEntries(told), length: size })
  }
  if (row.model === 'circuits.circuit') {
    return present({
      circuit: keyOf(row),
      name: fields.text('cid'),
      provider: fields.nameOf('provider', 'circuits.provider'),
    })
  }
  const device = fields.ref('device', 'dcim.device')
  const name = device && deviceName(mapping.dump, device)
  return present({ port: keyOf(row), role: portRoles[row.model], device: name, name: fields.text('name') })
}

/** A device draws power from whatever its power ports are cabled to. */
function addPower(mapping: Mapping, connections: readonly Connection[], claims: Claims): void {
  const supplies = new Map<string, { device: Row; supply: Row; ports: Record<string, unknown>[] }>()
  for (const { from, to } of connections) {
    const [port, feeder] = from.model === 'dcim.powerport' ? [from, to] : [to, from]
    const pair = port.model === 'dcim.powerport' ? supplyOf(mapping, port, feeder) : undefined
    if (pair === undefined) continue
    const name = `${keyOf(pair.device)} ${keyOf(pair.supply)}`
    const entry = supplies.get(name) ?? { ...pair, ports: [] }
    entry.ports.push({ port: port.fields['name'], from: feeder.fields['name'] })
    supplies.set(name, entry)
  }
  for (const { device, supply, ports } of supplies.values()) {
    add(claims, device, { type: 'POWERED_BY', to: target(mapping, supply), attributes: { ports } })
  }
}

function supplyOf(mapping: Mapping, port: Row, feeder: Row): { device: Row; supply: Row } | undefined {
  const device = mapping.dump.find('dcim.device', port.fields['device'])
  if (feeder.model === 'dcim.powerfeed') return device && { device, supply: feeder }
  if (feeder.model !== 'dcim.poweroutlet') return undefined
  const supply = mapping.dump.find('dcim.device', feeder.fields['device'])
  const kind = supply && mapping.devices.get(keyOf(supply))?.kind
  const mayFeed = kind === 'Pdu' || kind === 'Device'
  return device && supply && device !== supply && mayFeed ? { device, supply } : undefined
}

function addWireless(mapping: Mapping, claims: Claims): void {
  for (const row of mapping.dump.rows('wireless.wirelesslink')) {
    const fields = new Fields(mapping.dump, row)
    const [a, b] = [fields.ref('interface_a', 'dcim.interface'), fields.ref('interface_b', 'dcim.interface')]
    if (a === undefined || b === undefined) continue
    mapping.dump.use(row)
    const attributes = present({ wireless: true, ssid: fields.text('ssid'), status: fields.text('status') })
    add(claims, a, { type: 'CONNECTED_TO', to: target(mapping, b), attributes })
  }
}
