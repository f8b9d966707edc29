/** A whole Plenum on a free port with a database of its own. */
import pino from 'pino'
import { parseRule } from '../../src/alert/index.ts'
import { allocationShape } from '../../src/allocation/index.ts'
import { startApp } from '../../src/app.ts'
import { loadConfig, type Config } from '../../src/config.ts'
import { logsShape } from '../../src/log-line/index.ts'
import { drivers, parseSources } from '../../src/source/index.ts'
import { syslogShape } from '../../src/syslog/index.ts'
import { asking, type Ask } from './asking.ts'
import { createDatabase, type TestDatabase } from './postgres.ts'

export type { Answer } from './asking.ts'

export interface TestApp {
  url: string
  /** An administrator's secret. */
  token: string
  database: TestDatabase
  query: Ask
  close(): Promise<void>
}

export interface TestAppOptions {
  limits?: Partial<Config['limits']>
  http?: Partial<Config['http']>
  documents?: Config['documents']
  /** Another process on the same database: give the first one's. */
  database?: TestDatabase
  env?: NodeJS.ProcessEnv
  /** As in the configuration. */
  sources?: Record<string, unknown>
  allocation?: unknown
  syslog?: Record<string, unknown>
  logs?: Record<string, unknown>
  rules?: Config['rules']
}

const token = 'plenum_token_for_tests_only'

/** The Watchdog of nobody: the shipped one fires some time after the start, which puts an event into the log that a test did not make. */
const { rule: quiet } = parseRule(
  {
    name: 'Watchdog',
    metric: 'up',
    selector: { kind: ['Source'], name: 'nobody' },
    condition: { type: 'always' },
    severity: 'INFO',
    summary: 'Never fires',
  },
  'CONFIG',
)

export async function startTestApp({
  limits = {},
  http = {},
  documents,
  database,
  env = {},
  sources = {},
  allocation = {},
  syslog = {},
  logs = {},
  rules = [],
}: TestAppOptions = {}): Promise<TestApp> {
  const own = database ?? (await createDatabase())
  const config = loadConfig({ PORT: '0', PLENUM_ADMIN_TOKEN: token, ...env })
  const app = await startApp(
    {
      ...config,
      http: { ...config.http, ...http },
      documents: documents ?? config.documents,
      limits: { ...config.limits, ...limits },
      rules: [quiet!, ...config.rules, ...rules],
      sources: parseSources(sources, drivers).sources,
      allocation: allocationShape.parse(allocation),
      syslog: syslogShape.parse(syslog),
      logs: logsShape.parse(logs),
    },
    own.url,
    pino({ level: env['TEST_LOG'] ?? 'silent' }),
  )
  return {
    url: app.url,
    token,
    database: own,
    query: asking(app.url, token),
    async close() {
      await app.close()
      if (database === undefined) await own.close()
    },
  }
}
