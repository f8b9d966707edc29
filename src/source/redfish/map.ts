/** What a controller tells, as observations. Pure. */
import { isIP } from 'node:net'
import type { Observation } from '../../resource/resource.ts'
import type { Controller, Machine, Status } from './shape.ts'

export const systemKey = (part: string, id: string): string => `${part}/${id}`
/** The controller itself, which is known before it has answered. */
export const controllerKey = (part: string): string => `${part}/bmc`
export const componentKey = (part: string, id: string, role: string, name: string): string =>
  `${part}/${id}/${role}/${name}`

const powerStates: Readonly<Record<string, string>> = {
  On: 'ON',
  Off: 'OFF',
  PoweringOn: 'POWERING_ON',
  PoweringOff: 'POWERING_OFF',
  Paused: 'PAUSED',
}

const mebibyte = 2 ** 20

/** What is not there has a slot all the same. */
export const isThere = (status: Status): boolean => status?.State !== 'Absent'

const present = (record: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(record).filter(([, value]) => value !== null && value !== undefined && value !== ''),
  )
const trimmed = (text: string | null | undefined): string | undefined => text?.trim() || undefined

export function toObservations(part: string, { machines, managers }: Controller): Observation[] {
  const all = machines.flatMap((machine) => [
    toServer(part, machine, machines.length),
    ...toComponents(part, machine),
    ...toInterfaces(part, machine),
  ])
  all.push(...toManagers(part, { machines, managers }))
  // Two slots of one name are one thing to whoever reads them.
  return [...new Map(all.map((one) => [one.key, one])).values()]
}

/** The controller that was asked, and others of the same machine. */
function toManagers(part: string, { machines, managers }: Controller): Observation[] {
  const [only, ...more] = machines
  const machine = more.length === 0 ? only : undefined
  const [asked, ...others] = managers
  const links = machine && [{ type: 'PART_OF' as const, to: { key: systemKey(part, machine.system.Id) } }]
  const of = (one: (typeof managers)[number] | undefined) => ({
    fields: present({ role: 'bmc', model: one?.Model }),
    attributes: present({ firmwareVersion: one?.FirmwareVersion }),
    ...(links === undefined ? {} : { links }),
  })
  const controller: Observation = {
    key: controllerKey(part),
    kind: 'Component',
    name: asked?.Id ?? 'bmc',
    ...of(asked),
  }
  if (machine === undefined) return [controller]
  const second = others.map((one): Observation => ({
    key: componentKey(part, machine.system.Id, 'bmc', one.Id),
    kind: 'Component',
    name: one.Id,
    ...of(one),
  }))
  return [controller, ...second]
}

function toServer(part: string, { system, processors }: Machine, machines: number): Observation {
  const address = part.replace(/:\d+$/, '').replace(/^\[|\]$/g, '')
  const maker = trimmed(system.Manufacturer)
  // Dell's service tag is what all others call the serial number of the machine; the number itself is the board's.
  const serial = /^dell/i.test(maker ?? '')
    ? (trimmed(system.SKU) ?? system.SerialNumber)
    : system.SerialNumber
  const cores = system.ProcessorSummary?.CoreCount ?? sum(processors.map(({ TotalCores }) => TotalCores))
  const gibibytes = system.MemorySummary?.TotalSystemMemoryGiB
  return {
    key: systemKey(part, system.Id),
    kind: 'Server',
    name: trimmed(system.HostName) ?? (machines === 1 ? address : `${address}/${system.Id}`),
    fields: present({
      manufacturer: maker,
      model: trimmed(system.Model),
      serialNumber: trimmed(serial),
      assetTag: trimmed(system.AssetTag),
      systemUuid: system.UUID && /^[0-9a-f-]{36}$/i.test(system.UUID) ? system.UUID : undefined,
      powerState: system.PowerState ? (powerStates[system.PowerState] ?? 'UNKNOWN') : undefined,
      cpuModel: trimmed(system.ProcessorSummary?.Model ?? processors[0]?.Model),
      cpuCores: cores === 0 ? undefined : cores,
      memoryBytes: gibibytes ? Math.round(gibibytes * 2 ** 30) : undefined,
      bmcAddress: machines === 1 && isIP(address) !== 0 ? address : undefined,
    }),
    attributes: present({
      bios: system.BiosVersion,
      health: system.Status?.Health,
      sku: system.SKU,
      boardSerial: serial === system.SerialNumber ? undefined : system.SerialNumber,
      sockets: system.ProcessorSummary?.Count,
      threads: system.ProcessorSummary?.LogicalProcessorCount,
    }),
  }
}

const sum = (numbers: readonly (number | null | undefined)[]): number =>
  numbers.reduce<number>((total, one) => total + (one ?? 0), 0)

interface Draft {
  fields?: Record<string, unknown>
  attributes?: Record<string, unknown>
}

const toComponent = (
  part: string,
  { system }: Machine,
  role: string,
  name: string,
  { fields = {}, attributes = {} }: Draft,
): Observation => ({
  key: componentKey(part, system.Id, role, name),
  kind: 'Component',
  name,
  fields: { role, ...present(fields) },
  attributes: present(attributes),
  links: [{ type: 'PART_OF', to: { key: systemKey(part, system.Id) } }],
})

export const sensorName = (one: {
  Name?: string | null | undefined
  MemberId?: string | null | undefined
}): string => trimmed(one.Name) ?? trimmed(one.MemberId) ?? 'sensor'

export const fanName = (one: {
  Name?: string | null | undefined
  FanName?: string | null | undefined
  MemberId?: string | null | undefined
}): string => trimmed(one.Name) ?? trimmed(one.FanName) ?? trimmed(one.MemberId) ?? 'fan'

function toComponents(part: string, machine: Machine): Observation[] {
  const of = (role: string, name: string, draft: Draft) => toComponent(part, machine, role, name, draft)
  return [
    ...machine.processors
      .filter(({ Status }) => isThere(Status))
      .map((one) =>
        of('cpu', trimmed(one.Socket) ?? one.Id, {
          fields: { manufacturer: one.Manufacturer, model: trimmed(one.Model) },
          attributes: { cores: one.TotalCores, threads: one.TotalThreads, megahertz: one.MaxSpeedMHz },
        }),
      ),
    ...machine.memory
      .filter(({ Status, CapacityMiB }) => isThere(Status) && CapacityMiB !== 0)
      .map((one) =>
        of('memory', trimmed(one.DeviceLocator) ?? one.Id, {
          fields: {
            manufacturer: trimmed(one.Manufacturer),
            partNumber: trimmed(one.PartNumber),
            serialNumber: trimmed(one.SerialNumber),
          },
          attributes: {
            sizeBytes: one.CapacityMiB && one.CapacityMiB * mebibyte,
            megahertz: one.OperatingSpeedMhz,
          },
        }),
      ),
    ...machine.drives
      .filter(({ Status }) => isThere(Status))
      .map((one) =>
        of('disk', trimmed(one.Name) ?? one.Id, {
          fields: {
            manufacturer: trimmed(one.Manufacturer),
            model: trimmed(one.Model),
            partNumber: trimmed(one.PartNumber),
            serialNumber: trimmed(one.SerialNumber),
          },
          attributes: {
            sizeBytes: one.CapacityBytes,
            media: one.MediaType,
            protocol: one.Protocol,
            firmwareVersion: one.Revision,
          },
        }),
      ),
    ...toSensors(part, machine),
  ]
}

function toSensors(part: string, machine: Machine): Observation[] {
  const of = (role: string, name: string, draft: Draft = {}) => toComponent(part, machine, role, name, draft)
  return [
    ...machine.thermals.flatMap(({ Temperatures, Fans }) => [
      ...(Temperatures ?? [])
        .filter(({ Status }) => isThere(Status))
        .map((one) => of('sensor', sensorName(one))),
      ...(Fans ?? []).filter(({ Status }) => isThere(Status)).map((one) => of('fan', fanName(one))),
    ]),
    ...machine.powers.flatMap(({ PowerSupplies }) =>
      (PowerSupplies ?? [])
        .filter(({ Status }) => isThere(Status))
        .map((one) =>
          of('psu', sensorName(one), {
            fields: {
              manufacturer: trimmed(one.Manufacturer),
              model: trimmed(one.Model),
              serialNumber: trimmed(one.SerialNumber),
            },
            attributes: { capacityWatts: one.PowerCapacityWatts },
          }),
        ),
    ),
  ]
}

const toInterfaces = (part: string, { system, nics }: Machine): Observation[] =>
  nics
    .filter(({ Status }) => isThere(Status))
    .map((one) => ({
      key: `${part}/${system.Id}/nic/${one.Id}`,
      kind: 'NetworkInterface',
      name: one.Id,
      fields: present({
        macAddress: one.PermanentMACAddress ?? one.MACAddress,
        adminStatus: one.InterfaceEnabled == null ? undefined : one.InterfaceEnabled ? 'UP' : 'DOWN',
        operStatus: one.LinkStatus ? (one.LinkStatus === 'LinkUp' ? 'UP' : 'DOWN') : undefined,
        speedBps: one.SpeedMbps ? one.SpeedMbps * 1_000_000 : undefined,
      }),
      links: [{ type: 'PART_OF', to: { key: systemKey(part, system.Id) } }],
    }))
