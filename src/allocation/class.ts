/**
 * Terminology, as OpenStack Placement has it
 * - provider: what has something to give: a server, a prefix, a rack, a range of VLANs.
 * - resource class: what is given, counted in whole numbers: VCPU, MEMORY_MB, IPV4_ADDRESS, CUSTOM_…
 * - trait: what a provider is or can, beyond numbers: CUSTOM_SSD.
 * - inventory: how much of one class one provider has.
 */

/** The classes that are known without being configured. */
export const standardClasses = [
  'VCPU',
  'PCPU',
  'MEMORY_MB',
  'DISK_GB',
  'PGPU',
  'VGPU',
  'NET_BW_EGR_KILOBIT_PER_SEC',
  'NET_BW_IGR_KILOBIT_PER_SEC',
  'IPV4_ADDRESS',
  'IPV6_ADDRESS',
  'CUSTOM_VLAN',
  'CUSTOM_RACK_UNIT',
  'CUSTOM_SERVER',
] as const

/** Classes whose units have names: an address, a number, a place. Each is given by providers of its own. */
export const namedClasses = ['IPV4_ADDRESS', 'IPV6_ADDRESS', 'CUSTOM_VLAN', 'CUSTOM_RACK_UNIT'] as const
export type NamedClass = (typeof namedClasses)[number]

export const isNamedClass = (name: string): name is NamedClass =>
  (namedClasses as readonly string[]).includes(name)

export const classShape = /^(?:CUSTOM_)?[A-Z][A-Z0-9_]{0,250}$/
export const isClass = (name: string): boolean =>
  (standardClasses as readonly string[]).includes(name) || /^CUSTOM_[A-Z0-9_]{1,240}$/.test(name)

export const isTrait = (name: string): boolean => /^[A-Z][A-Z0-9_]{0,254}$/.test(name)

/** A text as a part of a trait's name: `PowerEdge R640` → `POWEREDGE_R640`. */
export const traitText = (text: string): string =>
  text
    .toUpperCase()
    .replace(/[^A-Z0-9]+/g, '_')
    .replace(/^_+|_+$/g, '')
    .slice(0, 120)
