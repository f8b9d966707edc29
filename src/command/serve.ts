import { getHeapStatistics } from 'node:v8'
import { startApp, type App } from '../app.ts'
import { sampleInventory } from '../demo/index.ts'
import { migrate, openDb } from '../db.ts'
import { createLog } from '../log.ts'
import { startResources } from '../resource/index.ts'
import { openSite, Refusal, type Command, type DatabaseName, type Site } from './command.ts'

const drainMs = 10_000

/** `npm start`: what people have; a sample datacenter as long as they have nothing. */
export const start: Command = {
  usage: 'start\n  Serves what was imported or configured; as long as there is nothing, a sample datacenter in a database of its own.',
  run: () => serveUntilEnd(async (site) => (site.embedded && (await isEmpty(site)) ? 'plenum_demo' : 'plenum')),
}

export const serve: Command = {
  usage: 'serve\n  Serves the real database, also when it is empty.',
  run: () => serveUntilEnd(async () => 'plenum'),
}

export const demo: Command = {
  usage: 'demo\n  Serves the sample datacenter, from a database of its own.',
  run: () =>
    serveUntilEnd(async (site) => {
      if (!site.embedded) throw new Refusal('The sample datacenter lives in the embedded Postgres only: unset DATABASE_URL')
      return 'plenum_demo'
    }),
}

async function serveUntilEnd(choose: (site: Site) => Promise<DatabaseName>): Promise<number> {
  const site = await openSite()
  try {
    const name = await choose(site)
    const log = createLog(site.config.log.level)
    if (name === 'plenum_demo') await fillSample(site)
    const app = await listen(site, name, log)
    process.stdout.write(banner(app, name, site))
    const signal = await interrupted()
    log.info({ signal }, 'draining')
    const late = setTimeout(() => process.exit(1), drainMs + 5_000)
    late.unref()
    await app.close()
    return 0
  } finally {
    await site.close()
  }
}

async function listen(site: Site, name: DatabaseName, log: ReturnType<typeof createLog>): Promise<App> {
  try {
    return await startApp(site.config, site.url(name), log)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
    throw new Refusal(`Port ${site.config.http.port} is taken, perhaps by another Plenum: stop it, or start with PORT=${site.config.http.port + 1}`)
  }
}

async function isEmpty(site: Site): Promise<boolean> {
  const db = openDb({ url: site.url('plenum') })
  try {
    await migrate(db)
    const [found] = await db('resource').select('id').limit(1)
    return found === undefined
  } finally {
    await db.destroy()
  }
}

async function fillSample(site: Site): Promise<void> {
  const db = openDb({ url: site.url('plenum_demo') })
  try {
    await migrate(db)
    const [found] = await db('resource').select('id').limit(1)
    if (found !== undefined) return
    process.stdout.write('Making the sample datacenter …\n')
    const resources = startResources({ db })
    await resources.importInventory(
      { source: 'sample', mode: 'merge', dryRun: false, items: sampleInventory(), signal: AbortSignal.timeout(300_000) },
      { name: 'sample' },
    )
  } finally {
    await db.destroy()
  }
}

function interrupted(): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve(signal))
  return promise
}

const queries = [
  '{ servers(first: 3) { nodes { name rack { name site { name } } uplinks { name } virtualMachines { nodes { name tenant { name } services { nodes { name } } } } } } }',
  '{ switches(first: 1) { nodes { name dependents(first: 10) { totalCount edges { depth node { kind name } } } } } }',
  '{ count(groupBy: [KIND]) { count group { value } } }',
]

function banner(app: App, name: DatabaseName, site: Site): string {
  const heapMiB = Math.round(getHeapStatistics().heap_size_limit / 1_048_576)
  const lines = [
    '',
    `  Plenum serves ${name === 'plenum_demo' ? 'a sample datacenter (import your own: bin/plenum import FILE)' : 'your datacenter'}`,
    '',
    `  ${app.url}/graphiql      to ask in the browser`,
    `  ${app.url}/graphql       GraphQL over HTTP and WebSocket`,
    '',
    app.adminSecret === undefined ? '  Token: the one of the first start, or make one: bin/plenum token create NAME' : `  Token (shown once): ${app.adminSecret}`,
    `  Data: ${site.embedded ? site.config.dataFolder : 'DATABASE_URL'} · heap limit ${heapMiB} MiB`,
    '',
    '  Three queries to try, as PLENUM_TOKEN=… bin/plenum query QUERY:',
    ...queries.map((query) => `    ${query}`),
    '',
    '',
  ]
  return lines.join('\n')
}
