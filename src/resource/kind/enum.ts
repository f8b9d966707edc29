/** The values of the enums that properties may have, as the API, the tables and the formats write them. */
import type { Property, PropertyType } from './kind.ts'

export const enums = {
  /** Which side of the rack a thing is mounted on. */
  RackFace: ['FRONT', 'REAR'],
  PowerState: ['ON', 'OFF', 'POWERING_ON', 'POWERING_OFF', 'PAUSED', 'SUSPENDED', 'UNKNOWN'],
  /** RFC 2863 (IF-MIB). */
  IfStatus: ['UP', 'DOWN', 'TESTING', 'UNKNOWN', 'DORMANT', 'NOT_PRESENT', 'LOWER_LAYER_DOWN'],
  /** RFC 4273 (BGP4-MIB). */
  BgpState: ['IDLE', 'CONNECT', 'ACTIVE', 'OPEN_SENT', 'OPEN_CONFIRM', 'ESTABLISHED'],
  ContainerState: [
    'CREATED',
    'WAITING',
    'RUNNING',
    'PAUSED',
    'RESTARTING',
    'REMOVING',
    'EXITED',
    'DEAD',
    'UNKNOWN',
  ],
} as const satisfies Partial<Record<PropertyType, readonly string[]>>
export type EnumType = keyof typeof enums

/** The values that a property's type allows; undefined when it is no enum. */
export function enumValues(type: Property['type']): readonly string[] | undefined {
  return type in enums ? enums[type as EnumType] : undefined
}
