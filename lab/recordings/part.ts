/** Parts of a chassis, sensors, processors, memory and storage, compared. */
import type { Observation } from '../../src/resource/resource.ts'
import type { RecordedDevice } from './device.ts'
import type { Expected, ExpectedRow } from './expected.ts'
import { compare, observed, text, type Comparison } from './field.ts'
import { metricOfClass } from './sensor.ts'

/** By index where the device has an ENTITY-MIB; else the other tool numbers parts itself, and they are told by what they say. */
export function entities(device: RecordedDevice, expected: Expected): Comparison[] {
  const components = observed(device, 'Component')
  const byKey = new Map(components.map((one) => [one.key, one]))
  const hasEntityMib = components.some(({ key }) => key.startsWith('device/component/'))
  return expected.rows('entity-physical', 'entPhysical').flatMap((part) => {
    const partClass = String(part['entPhysicalClass'] ?? '')
    const serial = text(part['entPhysicalSerialNum'])
    const described = text(part['entPhysicalDescr'])
    const one = hasEntityMib
      ? byKey.get(`device/component/${part['entPhysicalIndex']}`)
      : (components.find(
          ({ fields, attributes, name }) =>
            (attributes?.['entPhysicalDescr'] ?? name) === described &&
            (fields?.['serialNumber'] ?? null) === ownSerial(serial),
        ) ?? components.find(({ fields }) => serial !== null && fields?.['serialNumber'] === serial))
    const chassis = one === undefined && ['chassis', 'stack'].includes(partClass)
    const ours = chassis ? device.observations[0] : one
    const wanted = {
      entPhysicalDescr: described,
      entPhysicalName: text(part['entPhysicalName']),
      entPhysicalClass: text(part['entPhysicalClass']),
      entPhysicalModelName: text(part['entPhysicalModelName']),
      entPhysicalSerialNum: ownSerial(serial),
      entPhysicalMfgName: text(part['entPhysicalMfgName']),
      entPhysicalHardwareRev: text(part['entPhysicalHardwareRev']),
      entPhysicalFirmwareRev: ownSerial(text(part['entPhysicalFirmwareRev'])),
      entPhysicalSoftwareRev: text(part['entPhysicalSoftwareRev']),
    }
    const told = Object.fromEntries(
      Object.entries(wanted).filter(
        ([field, value]) => value !== null && !(chassis && !/Serial|Model|Mfg/.test(field)),
      ),
    )
    return compare('entity', part['entPhysicalIndex'], told, ourPart(ours))
  })
}

/** What some write where there is none. */
const ownSerial = (serial: string | null): string | null =>
  serial === 'N/A' || serial === 'BUILTIN' ? null : serial

function ourPart(one: Observation | undefined): Record<string, unknown> {
  const { fields = {}, attributes = {} } = one ?? {}
  return {
    entPhysicalDescr: attributes['entPhysicalDescr'] ?? one?.name,
    entPhysicalName: attributes['entPhysicalName'] ?? one?.name,
    entPhysicalClass: attributes['entPhysicalClass'],
    entPhysicalModelName: fields['model'],
    entPhysicalSerialNum: fields['serialNumber'],
    entPhysicalMfgName: fields['manufacturer'],
    entPhysicalHardwareRev: attributes['hardwareRevision'],
    entPhysicalFirmwareRev: attributes['firmwareRevision'],
    entPhysicalSoftwareRev: attributes['softwareRevision'],
  }
}

/** A sensor is told by the OID that it is read from; a state by what it means: 0 well, 1 degraded, 2 failed, 3 unknown. */
export function sensors(device: RecordedDevice, expected: Expected): Comparison[] {
  const meanings = new Map(
    expected
      .rows('sensors', 'state_indexes')
      .map((row) => [`${row['state_name']} ${row['state_value']}`, row['state_generic_value']]),
  )
  return expected.rows('sensors', 'sensors').flatMap((sensor) => {
    const kind = String(sensor['sensor_class'])
    const { metrics, times } = metricOfClass(kind)
    const readings = device.readingsOf.get(String(sensor['sensor_oid']).replace(/^\./, '')) ?? []
    const ours = readings.find(({ metric }) => metrics.includes(metric))?.value
    const current = Number(sensor['sensor_current'])
    const value =
      kind === 'state' ? (meanings.get(`${sensor['sensor_type']} ${current}`) ?? null) : current * times
    return compare(
      'sensor',
      `${sensor['sensor_type']} ${sensor['sensor_index']} ${sensor['sensor_descr']}`,
      { [kind]: value },
      { [kind]: ours },
    )
  })
}

export function processors(device: RecordedDevice, expected: Expected): Comparison[] {
  return expected.rows('processors', 'processors').flatMap((one) => {
    const oid = String(one['processor_oid']).replace(/^\./, '')
    const reading = device.readingsOf.get(oid)?.find(({ metric }) => metric === 'system.cpu.utilization')
    return compare(
      'processor',
      one['processor_descr'],
      { usage: one['processor_usage'] },
      { usage: reading === undefined ? null : Math.round(reading.value * 100) },
    )
  })
}

export function memory(device: RecordedDevice, expected: Expected): Comparison[] {
  return expected.rows('mempools', 'mempools').flatMap((pool) => pools('memory', device, pool, 'mempool'))
}

export function storage(device: RecordedDevice, expected: Expected): Comparison[] {
  return expected.rows('storage', 'storage').flatMap((pool) => pools('storage', device, pool, 'storage'))
}

/** Of the component of this name. */
function pools(
  area: 'memory' | 'storage',
  device: RecordedDevice,
  pool: ExpectedRow,
  prefix: string,
): Comparison[] {
  const name = String(pool[`${prefix}_descr`])
  const one = observed(device, 'Component').find((component) => component.name === name)
  const reading = (what: string): number | undefined =>
    device.readings.find(
      ({ key, metric }) =>
        key === one?.key && (metric === `system.memory.${what}` || metric === `system.filesystem.${what}`),
    )?.value
  return compare(
    area,
    name,
    { total: pool[`${prefix}_total`] ?? pool[`${prefix}_size`], used: pool[`${prefix}_used`] },
    { total: reading('limit'), used: reading('usage') },
  )
}
