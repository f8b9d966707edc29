/** NetBox over REST: what people say should be. */
import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { PlenumError } from '../../errors.ts'
import type { Observation } from '../../resource/resource.ts'
import { openHttp } from '../http.ts'
import { secretReference, SourceError, type Driver, type Source, type SourceEnvironment } from '../source.ts'
import { followHooks, Looking } from './follow.ts'
import { mapDump } from './map.ts'
import { Inventory } from './rest/inventory.ts'
import { parseKindRules } from './rule.ts'

const settings = z.strictObject({
  /** Where its web pages begin: `https://netbox.example.net`. */
  url: z.url({ protocol: /^https?$/ }),
  token: z.string().regex(secretReference, 'a reference such as env:NETBOX_TOKEN is needed'),
  /** A file with certificates to trust beside the system's, PEM. */
  ca: z.string().optional(),
  pageSize: z.number().int().min(1).max(1_000).default(500),
  requestSeconds: z.number().positive().default(30),
  /** Where NetBox' webhooks are taken: each must be signed with the secret. */
  webhook: z
    .strictObject({
      host: z.string().default('127.0.0.1'),
      port: z.number().int().min(0).max(65_535),
      secret: z.string().regex(secretReference, 'a reference such as env:NETBOX_HOOK_SECRET is needed'),
    })
    .optional(),
  /** As in `netbox.kindRules` of the configuration. */
  kindRules: z
    .unknown()
    .transform((value, context) => {
      try {
        return parseKindRules(value ?? [])
      } catch (error) {
        context.addIssue({ code: 'custom', message: (error as Error).message })
        return z.NEVER
      }
    })
    .prefault([]),
})
type Settings = z.infer<typeof settings>

export const netbox: Driver<Settings> = {
  name: 'netbox',
  authoritative: true,
  precedence: 90,
  role: 'intent',
  metrics: [],
  parseSettings: (value) => settings.parse(value),
  open,
}

/** Things that refer to each other may be listed on both sides of a change: then another look helps. */
const mostLooks = 3

async function open(own: Settings, environment: SourceEnvironment): Promise<Source> {
  const ca = own.ca === undefined ? undefined : await readCa(own.ca)
  const http = openHttp({
    url: own.url,
    environment,
    deadlineMs: own.requestSeconds * 1_000,
    ...(ca === undefined ? {} : { ca }),
  })
  const headers = async () => ({ authorization: `Token ${await environment.secret(own.token)}` })
  const inventory = new Inventory(http, headers, own.pageSize)
  const { webhook } = own
  const looking = new Looking(
    (signal, changed) => look(inventory, environment.name, own, signal, changed),
    webhook !== undefined,
  )
  return {
    ...(webhook === undefined
      ? {}
      : {
          watch: (signal: AbortSignal) =>
            followHooks({ ...webhook, secret: () => environment.secret(webhook.secret) }, looking, signal),
        }),
    async probe(signal) {
      const options = { headers: await headers() }
      const { 'netbox-version': version } = await http.json<{ 'netbox-version'?: string }>(
        { path: 'api/status/', ...options },
        signal,
      )
      const query = { limit: 1 }
      const { count } = await http.json<{ count: number }>(
        { path: 'api/dcim/sites/', query, ...options },
        signal,
      )
      return `NetBox ${version ?? 'of an unknown version'} answers; the token may see ${count} sites`
    },
    async *list(signal) {
      yield* await looking.all(signal)
    },
    close: async () => http.close(),
  }
}

async function look(
  inventory: Inventory,
  source: string,
  { kindRules }: Settings,
  signal: AbortSignal,
  changed?: ReadonlySet<string>,
): Promise<Observation[]> {
  for (let looks = 1; ; looks++) {
    try {
      return mapDump(await inventory.read(signal, changed), { source, kindRules }).observations
    } catch (error) {
      if (!(error instanceof PlenumError)) throw error
      if (looks === mostLooks) throw new SourceError('bad', error.message, { cause: error })
    }
  }
}

async function readCa(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    throw new SourceError('denied', `the certificates in ${path} cannot be read`, { cause })
  }
}
