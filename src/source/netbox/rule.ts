/** Which kind a NetBox device is. NetBox has one model for all of them; the table decides by role, device type and what the device has. */
import { invalidInput } from '../../errors.ts'

export const deviceKinds = ['Switch', 'Server', 'Device', 'Pdu'] as const
export type DeviceKind = (typeof deviceKinds)[number]

/** All given parts must match; patterns are regular expressions, without regard to case. The first rule that matches decides. */
export interface KindRule {
  kind: DeviceKind
  /** The device role's name or slug. */
  role?: string
  manufacturer?: string
  /** The device type's model. */
  model?: string
  name?: string
  /** Ports that the device must have. */
  has?: 'outlets' | 'interfaces'
  /** The role to show instead of the one derived from the role's name. */
  as?: string
}

export const defaultKindRules: readonly KindRule[] = [
  { kind: 'Device', role: 'patch|panel|\\bodf\\b', as: 'patch panel' },
  { kind: 'Device', role: '(console|terminal|serial)[ -]?(server|switch)', as: 'console server' },
  { kind: 'Device', role: '(kvm|transfer)[ -]?switch|\\bats\\b|\\bsts\\b' },
  { kind: 'Pdu', role: '\\bpdus?\\b|power (distribution|strip)|rack power' },
  {
    kind: 'Device',
    role: 'router|firewall|gateway|load.?balancer|\\bups\\b|storage|\\bnas\\b|chassis|enclosure',
  },
  { kind: 'Switch', role: 'switch|\\btor\\b|\\bleaf\\b|\\bspine\\b|aggregation' },
  { kind: 'Server', role: 'server|hypervisor|compute|\\bhost\\b|\\bnode\\b|\\bkvm\\b|esxi' },
  { kind: 'Pdu', model: '\\bpdu\\b', has: 'outlets' },
  { kind: 'Device' },
]

/** What a rule looks at. */
export interface DeviceFacts {
  role: string
  roleSlug: string
  manufacturer: string
  model: string
  name: string
  hasOutlets: boolean
  hasInterfaces: boolean
}

export type DecideKind = (facts: DeviceFacts) => { kind: DeviceKind; role: string | undefined }

/** A function that applies the users' rules, then the table above. */
export function kindDecider(rules: readonly KindRule[] = []): DecideKind {
  const compiled = [...rules, ...defaultKindRules].map((rule) => ({ rule, matches: matcher(rule) }))
  return (facts) => {
    const rule = compiled.find(({ matches }) => matches(facts))?.rule ?? { kind: 'Device' as const }
    return { kind: rule.kind, role: rule.as ?? toRole(facts.role) }
  }
}

function matcher(rule: KindRule): (facts: DeviceFacts) => boolean {
  const pattern = (text: string | undefined) => (text === undefined ? undefined : new RegExp(text, 'i'))
  const [role, manufacturer, model, name] = [rule.role, rule.manufacturer, rule.model, rule.name].map(pattern)
  return (facts) =>
    (role === undefined || role.test(facts.role) || role.test(facts.roleSlug)) &&
    (manufacturer === undefined || manufacturer.test(facts.manufacturer)) &&
    (model === undefined || model.test(facts.model)) &&
    (name === undefined || name.test(facts.name)) &&
    (rule.has === undefined || (rule.has === 'outlets' ? facts.hasOutlets : facts.hasInterfaces))
}

/** `Core Switch` is a switch whose role is core; `Router` is a device whose role is router. */
export function toRole(name: string): string | undefined {
  const lower = name.trim().toLowerCase()
  const short = lower.replace(/\s*\b(switch|server)(es|s)?$/, '').trim()
  return short || lower || undefined
}

/** Rules from a config file, checked. */
export function parseKindRules(value: unknown, path = 'kindRules'): KindRule[] {
  if (!Array.isArray(value)) throw invalidInput('Kind rules are a list', path)
  return value.map((entry: unknown, index) => parseKindRule(entry, `${path}[${index}]`))
}

const parts = ['role', 'manufacturer', 'model', 'name', 'as'] as const

function parseKindRule(entry: unknown, path: string): KindRule {
  if (typeof entry !== 'object' || entry === null) throw invalidInput('A kind rule is a map', path)
  const rule = entry as Record<string, unknown>
  for (const [key, value] of Object.entries(rule)) {
    const isPart = (parts as readonly string[]).includes(key)
    if (!isPart && key !== 'kind' && key !== 'has')
      throw invalidInput(`A kind rule has no ${key}`, `${path}.${key}`)
    if (typeof value !== 'string') throw invalidInput(`${key} is a text`, `${path}.${key}`)
    if (isPart && key !== 'as') checkPattern(value, `${path}.${key}`)
  }
  if (!deviceKinds.includes(rule['kind'] as DeviceKind))
    throw invalidInput(`kind is one of ${deviceKinds.join(', ')}`, `${path}.kind`)
  if (rule['has'] !== undefined && rule['has'] !== 'outlets' && rule['has'] !== 'interfaces')
    throw invalidInput('has is outlets or interfaces', `${path}.has`)
  return rule as unknown as KindRule
}

function checkPattern(text: string, path: string): void {
  try {
    new RegExp(text, 'i')
  } catch (error) {
    throw invalidInput(`${(error as Error).message}`, path)
  }
}
