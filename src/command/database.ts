/** Which database a command works on: the real one, or the one of the sample datacenter, which are never mixed. */
import type { Config } from '../config.ts'
import { migrate, openDb, type Db } from '../db.ts'
import { readHead } from '../event/index.ts'
import { startPostgres, type Postgres } from '../postgres/index.ts'

export interface ChosenDatabase {
  url: string
  /** Whether it holds the sample datacenter. */
  isSample: boolean
  /** Stops the embedded Postgres when nobody else uses it. */
  close(): Promise<void>
}

/** `real`: what people write into. `sample`: the sample's. `shown`: what `serve` shows: the real one as soon as anything was written there. */
export type Choice = 'real' | 'sample' | 'shown'

const realName = 'plenum'
const sampleName = 'plenum_demo'

export async function openDatabase(config: Config, choice: Choice): Promise<ChosenDatabase> {
  if (config.database.url !== undefined)
    return { url: config.database.url, isSample: false, close: async () => {} }
  const postgres = await startPostgres({ folder: config.dataFolder })
  try {
    const isSample = choice === 'sample' || (choice === 'shown' && (await showsSample(config, postgres)))
    const name = isSample ? sampleName : realName
    await postgres.ensureDatabase(name)
    return { url: postgres.url(name), isSample, close: () => postgres.close() }
  } catch (error) {
    await postgres.close()
    throw error
  }
}

/** The sample is shown while nothing was ever written into the real database. */
async function showsSample(config: Config, postgres: Postgres): Promise<boolean> {
  if (!config.sample) return false
  await postgres.ensureDatabase(realName)
  return withDb(postgres.url(realName), async (db) => (await readHead(db)).seq === 0)
}

/** Opens, brings the tables up to date, and closes whatever happens. */
export async function withDb<T>(url: string, work: (db: Db) => Promise<T>): Promise<T> {
  const db = openDb({ url })
  try {
    await migrate(db)
    return await work(db)
  } finally {
    await db.destroy()
  }
}

/** The chosen database for the time of `work`. */
export async function withDatabase<T>(
  config: Config,
  choice: Choice,
  work: (db: Db, database: ChosenDatabase) => Promise<T>,
): Promise<T> {
  const database = await openDatabase(config, choice)
  try {
    return await withDb(database.url, (db) => work(db, database))
  } finally {
    await database.close()
  }
}
