/**
 * Ten thousand questions of tenants, each compared with what a fresh load of nothing but their own gives: no id, name, count or error text of anybody
 * else's may be in an answer; then as many subscriptions, live and replayed; then history, differences, former instants, events, alerts, allocations, subscriptions and refused writes out of
 * real tables. Writes lab/results/leaks-DATE.json.
 *   npm run lab leaks [-- --pairs N] [--pasts N] [--seed N]
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import pino from 'pino'
import { allocationShape } from '../src/allocation/index.ts'
import { startApp } from '../src/app.ts'
import { loadConfig } from '../src/config.ts'
import { openDb } from '../src/db.ts'
import { startPostgres } from '../src/postgres/index.ts'
import { asking } from '../test/support/asking.ts'
import { lookForLeaksInFollowing } from '../test/support/leak-follow.ts'
import { lookForLeaksInPast, pastAllocation, type PastApp } from '../test/support/leak-past.ts'
import { lookForLeaks } from '../test/support/leaks.ts'

const { values } = parseArgs({
  options: {
    pairs: { type: 'string', default: '10000' },
    pasts: { type: 'string', default: '20' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 31)) },
  },
})
const seed = Number(values.seed)
const began = performance.now()
const { leaks: ofQueries, ...queries } = await lookForLeaks(seed, Number(values.pairs))
const { leaks: ofFollowing, ...following } = await lookForLeaksInFollowing(seed, Number(values.pairs))
const { leaks: ofPast, ...past } = await lookInPasts()
const leaks = [...ofQueries, ...ofFollowing, ...ofPast]
const seconds = Math.round((performance.now() - began) / 1_000)
const result = { seed, seconds, leaks: leaks.length, queries, following, past }
for (const leak of leaks) process.stderr.write(`${JSON.stringify(leak, undefined, 2)}\n`)
process.stdout.write(`${JSON.stringify(result, undefined, 2)}\n`)
/** Each world in a database of its own. */
async function lookInPasts() {
  const folder = mkdtempSync(join(tmpdir(), 'plenum-leaks-'))
  const postgres = await startPostgres({ folder, durable: false })
  let count = 0
  const start = async (): Promise<PastApp> => {
    const name = `past_${++count}`
    await postgres.ensureDatabase(name)
    const url = postgres.url(name)
    const token = 'plenum_token_of_the_leaks_lab'
    const app = await startApp(
      {
        ...loadConfig({ PORT: '0', PLENUM_ADMIN_TOKEN: token }),
        allocation: allocationShape.parse(pastAllocation),
      },
      url,
      pino({ level: 'silent' }),
    )
    const db = openDb({ url })
    return {
      url: app.url,
      query: asking(app.url, token),
      database: { db },
      close: async () => {
        await db.destroy()
        await app.close()
      },
    }
  }
  try {
    return await lookForLeaksInPast(seed, Number(values.pasts), start)
  } finally {
    await postgres.close()
    rmSync(postgres.folder, { recursive: true, force: true })
    rmSync(folder, { recursive: true, force: true })
  }
}

const folder = join(import.meta.dirname, 'results')
mkdirSync(folder, { recursive: true })
const file = join(folder, `leaks-${new Date().toISOString().slice(0, 10)}.json`)
writeFileSync(file, `${JSON.stringify(result, undefined, 2)}\n`)
process.exitCode = leaks.length === 0 ? 0 : 1
