/** Whether Postgres is there and is as it should be. */
import type { Config } from '../config.ts'
import { lastMigration, oldestServer, type Db } from '../db.ts'
import { fault, mebibytes, ok, warning, type Finding } from './finding.ts'
import { checkHeapFor } from './machine.ts'
import { countGraph, readMigrations, readStanding, type Standing } from './store.ts'

export async function checkDatabase(db: Db, config: Config): Promise<Finding[]> {
  const askedMs = Date.now()
  let standing: Standing
  try {
    standing = await readStanding(db)
  } catch (error) {
    return [unreachable(error)]
  }
  const middleMs = (askedMs + Date.now()) / 2
  return [
    ...checkServer(standing),
    ...checkRights(standing),
    ...checkConnections(standing, config),
    ...checkSettings(standing),
    checkSkew(standing.nowMs - middleMs),
    ...(await checkTables(db, standing).catch(unreadable)),
  ]
}

const codeAdvice: readonly [RegExp, string][] = [
  [/^28/, 'the user or its password is not right: look at DATABASE_URL or database.url, and at pg_hba.conf'],
  [/^3D000/, 'make the database: createdb NAME'],
  [
    /^(ECONNREFUSED|57P03)/,
    'start Postgres, and look whether it listens there (listen_addresses, the port, a firewall)',
  ],
  [/^(ENOTFOUND|EAI_AGAIN)/, 'the name of the host is not known: look at DATABASE_URL or database.url'],
  [/^53300/, 'no connection is free: raise max_connections, or lower database.poolSize'],
]

function unreachable(error: unknown): Finding {
  const { code = '', message, name } = error as { code?: string; message: string; name?: string }
  const known = codeAdvice.find(([pattern]) => pattern.test(code))
  const told = name === 'KnexTimeoutError' ? 'no connection within 15 s' : message
  return fault(
    'database',
    `cannot be asked: ${told}${code === '' ? '' : ` (${code})`}`,
    known?.[1] ?? 'look whether Postgres runs and can be reached from this machine',
  )
}

const checkServer = ({ version, major }: Standing): Finding[] =>
  major < oldestServer
    ? [
        fault(
          'database',
          `Postgres ${version} is too old`,
          `use ${oldestServer} or newer, or none: Plenum brings its own`,
        ),
      ]
    : [ok('database', `Postgres ${version} answers`)]

function checkRights({ mayCreate, isReadOnly }: Standing): Finding[] {
  if (isReadOnly)
    return [
      fault(
        'database rights',
        'it takes no writes: a standby, or default_transaction_read_only',
        'name the primary',
      ),
    ]
  return mayCreate
    ? [ok('database rights', 'tables may be made')]
    : [
        fault(
          'database rights',
          'the user may not make tables',
          'grant create on schema public to the user, or make it the owner',
        ),
      ]
}

/** Beside the pool: one that listens, and one that migrates. */
const besidePool = 2

function checkConnections({ maxConnections, usedConnections }: Standing, config: Config): Finding[] {
  const needed = (config.database.poolSize + besidePool) * config.http.processes
  const text = `${needed} are needed at most, of ${maxConnections}; ${usedConnections} are in use`
  return needed > maxConnections - 3
    ? [
        warning(
          'database connections',
          text,
          'raise max_connections, or lower database.poolSize or http.processes',
        ),
      ]
    : [ok('database connections', text)]
}

function checkSettings({ durable, randomPageCost }: Standing): Finding[] {
  const lax = [
    durable.fsync === 'off' ? 'fsync = off' : undefined,
    durable.fullPageWrites === 'off' ? 'full_page_writes = off' : undefined,
    durable.synchronousCommit === 'off' ? 'synchronous_commit = off' : undefined,
  ].filter((one) => one !== undefined)
  const settings =
    lax.length === 0
      ? [ok('database settings', 'what is committed is kept')]
      : [
          warning(
            'database settings',
            `a crash may lose what was committed: ${lax.join(', ')}`,
            'set them on again',
          ),
        ]
  return randomPageCost > 2
    ? [
        ...settings,
        warning(
          'database settings',
          `random_page_cost is ${randomPageCost}, as for turning disks`,
          'on flash set it to 1.1: deep queries get three times faster',
        ),
      ]
    : settings
}

const mostSkewMs = 2_000

export function checkSkew(skewMs: number): Finding {
  const seconds = (Math.abs(skewMs) / 1_000).toFixed(1)
  if (Math.abs(skewMs) <= mostSkewMs) return ok('clock', 'agrees with that of Postgres')
  return warning(
    'clock',
    `Postgres' clock is ${seconds} s ${skewMs > 0 ? 'ahead of' : 'behind'} this machine's`,
    'let both machines keep their clocks by NTP: times of events and tokens are compared with them',
  )
}

const unreadable = (error: unknown): Finding[] => [
  fault(
    'tables',
    `cannot be read (${(error as { code?: string }).code ?? (error as Error).message})`,
    'let the user own the tables: alter table … owner to …, or start Plenum as the user that made them',
  ),
]

async function checkTables(db: Db, { databaseBytes }: Standing): Promise<Finding[]> {
  const done = await readMigrations(db)
  if (done === undefined) return [ok('tables', 'none yet: the first start makes them')]
  const last = done.at(-1)
  const newest = lastMigration()
  if (last !== undefined && last > newest)
    return [
      fault(
        'tables',
        `are of a newer Plenum (${last}); this one knows ${newest}`,
        'an older process may go on beside a newer one, but start no more of them: install the newer version here too',
      ),
    ]
  const size = mebibytes(databaseBytes)
  if (last !== newest)
    return [
      warning(
        'tables',
        `are of ${last ?? 'no migration'}; the next start brings them to ${newest} (${size})`,
        'make a backup first: plenum backup FILE; then start, or run plenum migrate',
      ),
    ]
  const { resources, links } = await countGraph(db)
  return [ok('tables', `are up to date (${newest}), ${size}`), checkHeapFor(resources, links)]
}
