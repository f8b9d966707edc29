/** The configuration: one YAML file, strict, whole or not at all; a few things by the environment. Defaults stand here and nowhere else. */
import { readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { join } from 'node:path'
import { isNode, LineCounter, parseDocument, type Document } from 'yaml'
import { z } from 'zod'
import { notifySchema, parseRule } from './alert/index.ts'
import { roles, verbs } from './context.ts'
import { documents, http } from './http-config.ts'
import { keep } from './keep-config.ts'
import { kindNames } from './resource/kind/index.ts'
import { collection, refuseUnknownSources, services, sources } from './source-config.ts'
import { secretReference } from './source/source.ts'
import { allocationShape } from './allocation/index.ts'
import { logsShape } from './log-line/index.ts'
import { remoteShape } from './metric/index.ts'
import { syslogShape } from './syslog/index.ts'
import { usageShape } from './usage/index.ts'
import { parseKindRules } from './source/netbox/index.ts'

const positive = z.number().int().positive()
const mebibyte = 1_048_576

const limits = z.strictObject({
  bodyBytes: positive.default(10 * mebibyte),
  answerBytes: positive.default(64 * mebibyte),
  tokens: positive.default(15_000),
  depth: positive.default(30),
  aliases: positive.default(200),
  directives: positive.default(500),
  rootFields: positive.default(50),
  fields: positive.default(5_000),
  rows: positive.default(250_000),
  scanned: positive.default(10_000_000),
  sourceCalls: positive.default(10_000),
  refusedLogins: positive.default(60),
  headerSeconds: positive.default(20),
  requestSeconds: positive.default(60),
  importSeconds: positive.default(1_800),
  requestsPerSecond: positive.default(20_000),
  requestsAtOnce: positive.default(1_000),
  requestsRunning: positive.default(5_000),
  overloadMilliseconds: positive.default(2_000),
  socketsWaiting: positive.default(1_000),
  socketsPerToken: positive.default(1_000),
  subscriptionsPerToken: positive.default(5_000),
  messageBytes: positive.default(mebibyte),
  stallSeconds: positive.default(30),
  visited: positive.default(1_000_000),
  asOfResources: positive.default(200_000),
  series: positive.default(1_000_000),
  seriesValues: positive.default(2_000_000),
})

/** Keys that come over a network in the clear are anybody's. */
function isSafe(url: string): boolean {
  const { protocol, hostname } = new URL(url)
  return protocol === 'https:' || (protocol === 'http:' && /^(localhost|127\..*|\[::1\])$/.test(hostname))
}

/** An identity provider; all its values are compared exactly. */
const provider = z.strictObject({
  issuer: z.url().refine(isSafe, 'https is needed, except on this machine'),
  audience: z.string().min(1),
  /** Default: what the issuer's own document says. */
  jwksUrl: z.url().refine(isSafe, 'https is needed, except on this machine').optional(),
  algorithms: z
    .array(z.enum(['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA']))
    .min(1)
    .default(['RS256', 'PS256', 'ES256', 'EdDSA']),
  clockSkewSeconds: z.number().int().min(0).max(600).default(60),
  /** Whose value the viewer is called by, after `oidc:`. */
  nameClaim: z.string().min(1).default('sub'),
  /** The first that fits decides; a token that none fits is refused. */
  rules: z
    .array(
      z.strictObject({
        claim: z.string().min(1),
        /** Among the claim's values, or the value itself. */
        is: z.string().min(1),
        role: z.string().min(1),
        /** Names of tenants; default: all is seen. */
        tenants: z.array(z.string().min(1)).min(1).optional(),
        /** The claim that holds the names of tenants. */
        tenantsClaim: z.string().min(1).optional(),
      }),
    )
    .min(1),
})

/** Which kind a NetBox device is, before our own table; see docs/import-netbox.md. */
const kindRules = z.unknown().transform((value, context) => {
  try {
    return parseKindRules(value)
  } catch (error) {
    context.addIssue({ code: 'custom', message: (error as Error).message })
    return z.NEVER
  }
})

/** See docs/alerting.md. */
const rules = z.array(z.unknown()).transform((given, context) =>
  given.flatMap((one, index) => {
    const { rule, faults } = parseRule(one, 'CONFIG')
    for (const { path, message } of faults)
      context.addIssue({ code: 'custom', path: [index, ...path.split('.').filter(Boolean)], message })
    return rule ?? []
  }),
)

/** Who may come in and do what; see docs/access.md. */
const access = z.strictObject({
  roles: z
    .record(
      z.string().regex(/^[a-z][a-z0-9-]{0,39}$/, 'a role is called by small letters, digits and -'),
      z.strictObject({
        base: z.enum(roles),
        kinds: z.array(z.enum(kindNames)).optional(),
        verbs: z.array(z.enum(verbs)).optional(),
      }),
    )
    .default({})
    .refine(
      (given) => !roles.some((role) => role in given),
      `${roles.join(', ')} are there already: take another name`,
    ),
  oidc: z.array(provider).default([]),
})

const range = z.string().refine((text) => {
  const [address = '', bits = '0', ...rest] = text.split('/')
  return (
    isIP(address) !== 0 &&
    /^\d{1,3}$/.test(bits) &&
    Number(bits) <= (isIP(address) === 4 ? 32 : 128) &&
    rest.length === 0
  )
}, 'an address or a range such as 10.0.0.0/8 is needed')

const file = z
  .strictObject({
    http,
    database: z
      .strictObject({
        url: z
          .string()
          .regex(/^postgres(ql)?:\/\//, 'a URL such as postgres://user:password@host:5432/plenum is needed')
          .optional(),
        poolSize: positive.max(100).default(10),
      })
      .prefault({}),
    /** Whether a sample datacenter is shown as long as nothing was written into the real database. */
    sample: z.boolean().default(true),
    /** Who may read /metrics without a token: addresses and ranges. */
    metrics: z.strictObject({ allow: z.array(range).max(100).default([]) }).prefault({}),
    /** Spans for OpenTelemetry. */
    tracing: z
      .strictObject({
        url: z.url({ protocol: /^https?$/ }).optional(),
        headers: z
          .record(
            z.string().min(1),
            z.string().regex(secretReference, 'a reference is needed: env:NAME, file:PATH or command:LINE'),
          )
          .default({}),
        ratio: z.number().min(0).max(1).default(1),
      })
      .prefault({}),
    /** When a process says that it is not ready. */
    health: z.strictObject({ lagSeconds: positive.default(30) }).prefault({}),
    log: z
      .strictObject({ level: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace']).default('info') })
      .prefault({}),
    documents,
    limits: limits.prefault({}),
    keep: keep.prefault({}),
    sources: sources.prefault({}),
    services: services.prefault({}),
    /** A second store of samples; see docs/measuring.md. */
    remote: remoteShape.prefault({}),
    /** What is measured how often; see docs/measuring.md. */
    collection: collection.prefault([]),
    rules: rules.prefault([]),
    notify: notifySchema.prefault({}),
    allocation: allocationShape.prefault({}),
    usage: usageShape.prefault({}),
    syslog: syslogShape.prefault({}),
    logs: logsShape.prefault({}),
    access: access.prefault({}),
    netbox: z.strictObject({ kindRules: kindRules.prefault([]) }).prefault({}),
  })
  .superRefine(refuseUnknownSources)

export type Config = z.infer<typeof file> & {
  dataFolder: string
  adminToken: string | undefined
  readOnly: boolean
}

/** What is wrong with the configuration and where; shown as it is. */
export class ConfigError extends Error {
  override name = 'ConfigError'
}

export function loadConfig(env: NodeJS.ProcessEnv): Config {
  const path = env['PLENUM_CONFIG'] || undefined
  const config = parseConfig(path === undefined ? '' : readConfig(path), path ?? 'the configuration')
  if (env['PORT']) config.http.port = toPort(env['PORT'])
  if (env['DATABASE_URL']) config.database.url = toDatabaseUrl(env['DATABASE_URL'])
  return {
    ...config,
    sources: [...config.sources, ...config.services],
    dataFolder: env['PLENUM_DATA_DIR'] || join(import.meta.dirname, '..', '.plenum'),
    adminToken: env['PLENUM_ADMIN_TOKEN'] || undefined,
    readOnly: toFlag('PLENUM_READ_ONLY', env['PLENUM_READ_ONLY']),
  }
}

function readConfig(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw new ConfigError(`PLENUM_CONFIG names ${path}, which cannot be read: ${(error as Error).message}`)
  }
}

/** Strict: an unknown key is a fault. All faults are told at once, in the order of the file, each with its line. */
export function parseConfig(text: string, name: string): z.infer<typeof file> {
  const lines = new LineCounter()
  const document = parseDocument(text, { prettyErrors: true, lineCounter: lines })
  const [fault] = document.errors
  // Below its first line the parser shows the place, and with it passwords that stand there.
  if (fault) throw new ConfigError(`${name}: ${fault.message.split('\n', 1)[0]!.replace(/:$/, '')}`)
  const parsed = file.safeParse(toPlain(document, name) ?? {})
  if (parsed.success) return parsed.data
  const faults = parsed.error.issues
    .map(({ path, message }) => ({
      path: path.join('.') || 'the whole',
      message,
      at: placeOf(document, path),
    }))
    .sort((one, other) => one.at - other.at)
    .map(({ path, message, at }) => `line ${lines.linePos(at).line}: ${path}: ${message}`)
  throw new ConfigError(`${name}: ${faults.join('; ')}`)
}

/** Aliases may not blow it up. */
function toPlain(document: Document, name: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 })
  } catch (cause) {
    throw new ConfigError(`${name}: ${(cause as Error).message}`, { cause })
  }
}

/** Where the value begins, or the nearest thing around it. */
function placeOf(document: Document, path: readonly PropertyKey[]): number {
  const node: unknown = path.length === 0 ? document.contents : document.getIn(path, true)
  if (isNode(node) && node.range) return node.range[0]
  return path.length === 0 ? 0 : placeOf(document, path.slice(0, -1))
}

function toDatabaseUrl(text: string): string {
  if (!/^postgres(ql)?:\/\//.test(text) || !URL.canParse(text))
    throw new ConfigError(
      'DATABASE_URL is no URL of a Postgres, such as postgres://user:password@host:5432/plenum',
    )
  return text
}

function toFlag(name: string, text: string | undefined): boolean {
  if (text === undefined || ['', '0', 'false', 'no'].includes(text.toLowerCase())) return false
  if (['1', 'true', 'yes'].includes(text.toLowerCase())) return true
  throw new ConfigError(`${name} is "${text}": true or false is needed`)
}

function toPort(text: string): number {
  const port = Number(text)
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new ConfigError(`PORT is "${text}": a number from 0 to 65535 is needed`)
  return port
}
