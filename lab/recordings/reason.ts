/** Why a difference is right as it is. What has no reason here is a fault of ours. */
import type { Comparison } from './compare.ts'

interface Rule {
  reason: string
  of(one: Comparison, recording: string): boolean
}

const rules: readonly Rule[] = [
  {
    reason: 'every device has it: loopback and link-local addresses are left out',
    of: ({ area, thing, ours }) =>
      area === 'address' && ours === null && /^(127\.|169\.254\.|fe[89ab]|::1$)/.test(thing),
  },
  {
    reason: 'the recording has no such value; the other tool writes 0',
    of: ({ area, expected, ours }) => area === 'counter' && expected === 0 && ours === null,
  },
  {
    reason: 'the device says it with backslashes at its ends, which the other tool cuts off',
    of: ({ field, expected, ours }) => field === 'ifAlias' && `\\${expected}\\` === ours,
  },
  {
    reason: 'the native VLAN by dot1qPvid, where the other tool reads none',
    of: ({ field, expected, ours }) => field === 'ifVlan' && expected === null && ours !== null,
  },
  {
    reason: 'the other tool takes the size of the main memory for that of caches and shared memory',
    of: ({ area, thing, field }) => area === 'memory' && field === 'total' && /cache|shared/i.test(thing),
  },
  {
    reason: 'a manufacturer has one name, whatever a chassis calls it',
    of: ({ field, expected, ours }) =>
      field === 'entPhysicalMfgName' && String(expected).startsWith(String(ours)),
  },
  {
    reason: 'the vendor’s own MIB, or sysDescr, says another model than ENTITY-MIB, and is believed first',
    of: ({ field, thing }) => field === 'entPhysicalModelName' && thing === '1',
  },
  {
    reason: 'made of the name of an OID in a MIB file, nothing that the device says',
    of: ({ field, expected }, recording) =>
      recording.startsWith('junos') &&
      field === 'entPhysicalModelName' &&
      /^(Slot|Media)/.test(`${expected}`),
  },
  {
    reason: 'the vendor writes BUILTIN where there is no number',
    of: ({ expected }) => expected === 'BUILTIN',
  },
  {
    reason: 'a yellow alarm is degraded, not failed',
    of: ({ thing }) => thing.startsWith('jnxYellowAlarmState'),
  },
  {
    reason: 'it says that it does not know, so nothing is told',
    of: ({ area, expected, ours }) => area === 'sensor' && expected === 3 && ours === null,
  },
  {
    reason:
      'the other tool’s own numbering and classes for RAID parts; here they are found by serial and role',
    of: ({ area, field }, recording) =>
      recording === 'linux_lsi' && area === 'entity' && /Descr|Class|Name$/.test(field),
  },
  {
    reason: 'the other tool puts several values together, or takes another one for it',
    of: ({ area, field }) => area === 'device' && (field === 'hardware' || field === 'version'),
  },
  {
    reason: 'the recording has no such value',
    of: ({ area, field, ours }, recording) =>
      recording === 'drac_r640' && area === 'device' && field === 'sysDescr' && ours === null,
  },
]

export const reasonOf = (recording: string, one: Comparison): string | null =>
  rules.find((rule) => rule.of(one, recording))?.reason ?? null
