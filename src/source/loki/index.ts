/** A Loki as a source: it lists nothing; lines of resources that others know are asked of it when somebody reads them. */
import { z } from 'zod'
import { kindNames } from '../../resource/kind/index.ts'
import { checkLogin, headersOf, loginSettings, openHttp, readAuthorities } from '../http.ts'
import type { Driver, LogLine, LogQuery, Source, SourceEnvironment } from '../source.ts'
import { Client } from './client.ts'
import { pathShape, selectorOf, withWords } from './query.ts'

const labelName = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'a label such as host is needed')

const streams = z
  .strictObject({
    kind: z.array(z.enum(kindNames)).min(1),
    /** Labels of the streams by where their values come from. */
    labels: z.record(
      labelName,
      z.string().regex(pathShape, 'name, fields.NAME or labels.NAME of the resource is needed'),
    ),
    /** Labels with values of their own. */
    fixed: z.record(labelName, z.string().min(1)).default({}),
  })
  .refine(({ labels }) => Object.keys(labels).length > 0, {
    message: 'at least one label is needed, or all resources would have the same lines',
    path: ['labels'],
  })

const settings = z
  .strictObject({
    /** Where its API begins: `https://loki.example.net`. */
    url: z.url({ protocol: /^https?$/ }),
    ...loginSettings,
    /** Which tenant of that Loki: its header X-Scope-OrgID. */
    orgId: z.string().min(1).optional(),
    requestSeconds: z.number().positive().default(10),
    /** The most lines of one query that it gives. */
    mostLines: z.number().int().min(1).max(100_000).default(5_000),
    streams: z.array(streams).min(1),
  })
  .superRefine((given, context) => {
    const message = checkLogin(given)
    if (message !== undefined) context.addIssue({ code: 'custom', message })
  })
type Settings = z.infer<typeof settings>

export const loki: Driver<Settings> = {
  name: 'loki',
  authoritative: false,
  precedence: 40,
  role: 'observed',
  metrics: [],
  parseSettings: (value) => settings.parse(value),
  open,
}

async function open(own: Settings, environment: SourceEnvironment): Promise<Source> {
  const ca = own.ca === undefined ? undefined : await readAuthorities(own.ca)
  const http = openHttp({
    ...{ url: own.url, environment, deadlineMs: own.requestSeconds * 1_000 },
    ...(ca === undefined ? {} : { ca }),
  })
  const scope = own.orgId === undefined ? {} : { 'x-scope-orgid': own.orgId }
  const client = new Client(http, async () => ({ ...scope, ...(await headersOf(own, environment)) }))
  return {
    async probe(signal) {
      return `answers: streams have ${(await client.labels(signal)).length} labels`
    },
    // It holds no things; that it answers is what a listing shows.
    async *list(signal) {
      await client.labels(signal)
    },
    logKeyOf: (owner) => selectorOf(owner, own.streams),
    logs: (query, signal) => readLogs(client, own.mostLines, query, signal),
    close: async () => http.close(),
  }
}

async function* readLogs(
  client: Client,
  mostLines: number,
  { keys, from, to, words, first }: LogQuery,
  signal: AbortSignal,
): AsyncGenerator<LogLine> {
  // Loki finds words anywhere; those that begin with it are chosen later, so more are asked for.
  const limit = words.length === 0 ? Math.min(first, mostLines) : mostLines
  const found = await Promise.all(
    keys.map(async (key) => {
      const lines = await client.lines({ query: withWords(key, words), from, to, limit }, signal)
      return lines.map((line) => ({ key, ...line }))
    }),
  )
  for (const lines of found) yield* lines
}
