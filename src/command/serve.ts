import { once } from 'node:events'
import { createServer } from 'node:net'
import { startApp, type App } from '../app.ts'
import { loadConfig, type Config } from '../config.ts'
import { sampleInventory } from '../demo/index.ts'
import { readHead } from '../event/index.ts'
import { createLog } from '../log.ts'
import { startResources } from '../resource/index.ts'
import { formatBanner } from './banner.ts'
import {
  findShown,
  openSite,
  print,
  Refusal,
  untilInterrupted,
  withTables,
  type Command,
  type DatabaseName,
  type Site,
} from './command.ts'

/** Longest time from the wish to stop until this process stops waiting for what still runs. */
const drainMs = 8_000

export const serve: Command = {
  usage: `serve
  Answers until Ctrl-C or SIGTERM; the default. Shows what was imported or configured; as long as nothing ever was, a sample
  datacenter, in a database of its own.`,
  run: () => serveUntilEnd(findShown),
}

export async function serveUntilEnd(choose: (site: Site) => Promise<DatabaseName>): Promise<number> {
  const stop = untilInterrupted()
  const config = loadConfig(process.env)
  await checkPort(config)
  const site = await openSite(config)
  try {
    const name = await choose(site)
    stop.throwIfAborted()
    if (name === 'plenum_demo') await fillSample(site, stop)
    const app = await listen(site, name)
    if (!stop.aborted) {
      await print(formatBanner(app, name, site))
      await once(stop, 'abort')
    }
    process.stderr.write('Stopping: what runs is finished first.\n')
    await closeInTime(app)
    return 0
  } finally {
    await site.close()
    // Whatever is left open now has had its time.
    setTimeout(() => process.exit(), 1_000).unref()
  }
}

async function listen(site: Site, name: DatabaseName): Promise<App> {
  try {
    return await startApp(site.config, site.url(name), createLog(site.config.log.level))
  } catch (error) {
    throw isPortTaken(error) ? portTaken(site.config) : error
  }
}

/** Told before anything is started; `listen` looks again. */
async function checkPort(config: Config): Promise<void> {
  const { host, port } = config.http
  if (port === 0) return
  const probe = createServer()
  try {
    probe.listen(port, host)
    await once(probe, 'listening')
  } catch (error) {
    if (isPortTaken(error)) throw portTaken(config)
    throw new Refusal(`Cannot listen on ${host} port ${port}: ${(error as Error).message}`)
  }
  const closed = once(probe, 'close')
  probe.close()
  await closed
}

const isPortTaken = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'EADDRINUSE'

const portTaken = ({ http: { host, port } }: Config) =>
  new Refusal(
    `Port ${port} of ${host} is taken, perhaps by another Plenum: stop it, or start with PORT=${port + 1}`,
  )

/** Once: later starts find what was made of it since. */
async function fillSample(site: Site, signal: AbortSignal): Promise<void> {
  await withTables(site, 'plenum_demo', async (db) => {
    if ((await readHead(db)).seq > 0) return
    await startResources({ db }).importInventory(
      { source: 'sample', mode: 'merge', dryRun: false, items: sampleInventory(), signal },
      { name: 'sample' },
    )
  })
}

async function closeInTime(app: App): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<'late'>()
  const timer = setTimeout(() => resolve('late'), drainMs)
  const ended = await Promise.race([app.close(), promise])
  clearTimeout(timer)
  if (ended === 'late') process.stderr.write('Not everything ended in time; the rest is cut off.\n')
}
