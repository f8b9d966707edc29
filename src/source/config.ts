/** The configuration's `sources:`: a map of names to a driver, what is common to all, and the driver's own settings. */
import type { Driver } from './source.ts'

export interface SourceConfig {
  name: string
  driver: Driver
  control: boolean
  /** Between the beginnings of two listings; 0: the driver's own matter. */
  intervalSeconds: number
  /** After so long a listing is given up. */
  timeoutSeconds: number
  /** Requests under way at the same time, and a second. */
  atOnce: number
  perSecond: number
  precedence: number
  settings: unknown
}

/** A fault, with the keys that lead to it. */
export interface ConfigFault {
  path: (string | number)[]
  message: string
}

const reserved = ['plenum', 'inventory', 'services']
const units: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 }

/** All faults at once; then `sources` is not to be used. */
export function parseSources(
  value: unknown,
  drivers: readonly Driver[],
): { sources: SourceConfig[]; faults: ConfigFault[] } {
  const faults: ConfigFault[] = []
  if (!isObject(value))
    return { sources: [], faults: [{ path: [], message: 'names of sources with their settings are needed' }] }
  const sources = Object.entries(value).flatMap(([name, entry]) => {
    const parser = new EntryParser(name, drivers, faults)
    return parser.parse(entry) ?? []
  })
  return { sources, faults }
}

/** The section `services:` is a source of that name. */
export function parseServices(
  value: unknown,
  driver: Driver,
): { sources: SourceConfig[]; faults: ConfigFault[] } {
  if (isObject(value) && Object.keys(value).length === 0) return { sources: [], faults: [] }
  const faults: ConfigFault[] = []
  const parsed = new EntryParser('services', [driver], faults, []).parse({
    driver: driver.name,
    services: value,
  })
  // Its settings are the section itself.
  const own = faults.map(({ path, message }) => ({ path: path.slice(2), message }))
  return { sources: parsed === undefined ? [] : [parsed], faults: own }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

class EntryParser {
  readonly #name: string
  readonly #drivers: readonly Driver[]
  readonly #faults: ConfigFault[]
  readonly #reserved: readonly string[]

  constructor(
    name: string,
    drivers: readonly Driver[],
    faults: ConfigFault[],
    taken: readonly string[] = reserved,
  ) {
    this.#reserved = taken
    this.#name = name
    this.#drivers = drivers
    this.#faults = faults
  }

  parse(entry: unknown): SourceConfig | undefined {
    if (!/^[a-z][a-z0-9._-]{0,62}$/.test(this.#name) || this.#reserved.includes(this.#name))
      this.#fault(
        [],
        `"${this.#name}" cannot be a source's name: small letters, digits, - and _, and not ${this.#reserved.join(' or ')}`,
      )
    if (!isObject(entry)) return this.#fault([], 'a driver and its settings are needed')
    const { driver: driverName, control, timeout, atOnce, perSecond, precedence, ...rest } = entry
    const driver = this.#drivers.find(({ name }) => name === driverName)
    if (driver === undefined) {
      const known = this.#drivers.map(({ name }) => name).join(', ')
      return this.#fault(['driver'], `there is no driver ${JSON.stringify(driverName)}: one of ${known}`)
    }
    // A divided driver is never listed: an interval is its own matter.
    const isListed = (driver.shards ?? 1) === 1
    const { interval, ...settings } = rest
    return {
      name: this.#name,
      driver,
      control: this.#flag('control', control),
      intervalSeconds: isListed ? this.#seconds('interval', interval, 300) : 0,
      timeoutSeconds: this.#seconds('timeout', timeout, 600),
      atOnce: this.#positive('atOnce', atOnce, 8),
      perSecond: this.#positive('perSecond', perSecond, 20),
      precedence: this.#positive('precedence', precedence, driver.precedence),
      settings: this.#settings(driver, isListed ? settings : rest),
    }
  }

  #settings(driver: Driver, settings: Record<string, unknown>): unknown {
    try {
      return driver.parseSettings(settings)
    } catch (error) {
      const issues = (error as { issues?: { path: PropertyKey[]; message: string }[] }).issues
      if (issues === undefined) return this.#fault([], (error as Error).message)
      for (const { path, message } of issues)
        this.#fault(
          path.map((key) => (typeof key === 'number' ? key : String(key))),
          message,
        )
      return undefined
    }
  }

  #fault(path: (string | number)[], message: string): undefined {
    this.#faults.push({ path: [this.#name, ...path], message })
    return undefined
  }

  #flag(key: string, value: unknown): boolean {
    if (value === undefined || typeof value === 'boolean') return value ?? false
    this.#fault([key], 'true or false is needed')
    return false
  }

  #positive(key: string, value: unknown, otherwise: number): number {
    if (value === undefined) return otherwise
    if (typeof value === 'number' && value > 0 && Number.isFinite(value)) return value
    this.#fault([key], 'a number above 0 is needed')
    return otherwise
  }

  #seconds(key: string, value: unknown, otherwise: number): number {
    const seconds = value === undefined ? otherwise : toSeconds(value)
    if (seconds !== undefined && seconds > 0) return seconds
    this.#fault([key], 'seconds, or a time such as 30s, 5m or 1h, are needed')
    return otherwise
  }
}

/** Of seconds, or a time such as 30s. */
export function toSeconds(value: unknown): number | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined
  const match = typeof value === 'string' ? /^(\d+(?:\.\d+)?)\s*([smhd])$/.exec(value) : null
  return match ? Number(match[1]) * units[match[2]!]! : undefined
}
