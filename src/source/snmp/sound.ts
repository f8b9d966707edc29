/** What may stand in a resource of what a device said: one value that no field can hold would keep the whole device out. Pure. */
import { enumValues } from '../../resource/kind/enum.ts'
import { canonical } from '../../resource/kind/format.ts'
import { getKind, propertiesOf, type KindName } from '../../resource/kind/index.ts'
import type { Property } from '../../resource/kind/kind.ts'

const longestKey = 500

/** Keys have a bound; what is longer is cut, and rows that are then called the same are told apart as others are. */
export const soundKey = (key: string): string => (key.length > longestKey ? key.slice(0, longestKey) : key)

/** The fields that hold what they may; null: one that the kind needs does not. */
export function soundFields(
  kind: KindName,
  fields: Readonly<Record<string, unknown>>,
): Record<string, unknown> | null {
  const sound: Record<string, unknown> = {}
  for (const [name, property] of propertiesOf(getKind(kind))) {
    const value = fields[name]
    if (value !== undefined && fits(property, value)) sound[name] = value
    else if (property.nonNull === true) return null
  }
  return sound
}

/** A Counter64 beyond what a number holds exactly is written in digits. */
export const soundAttribute = (value: unknown): unknown => (typeof value === 'bigint' ? String(value) : value)

function fits(property: Property, value: unknown): boolean {
  const { type, format } = property
  if (type === 'String') {
    const text = String(value)
    return format === undefined ? text !== '' : canonical(format, text) !== undefined
  }
  if (type === 'Boolean') return typeof value === 'boolean'
  const values = enumValues(type)
  if (values !== undefined) return values.includes(String(value))
  const number = Number(value)
  if (type === 'Int') return Number.isInteger(number) && Math.abs(number) <= 0x7fffffff
  return type === 'BigInt' ? /^-?\d{1,19}$/.test(String(value)) : Number.isFinite(number)
}
