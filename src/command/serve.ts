import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { startApp, type App } from '../app.ts'
import { loadConfig, type Config } from '../config.ts'
import { mostProcesses } from '../http-config.ts'
import { sampleInventory, startDemo, type Demo } from '../demo/index.ts'
import { demoEnvironment, withDemo } from './demo-source.ts'
import { readHead } from '../event/index.ts'
import { createServerLog } from '../log.ts'
import { startProcesses } from '../process/index.ts'
import { startResources } from '../resource/index.ts'
import { formatBanner } from './banner.ts'
import { closeInTime } from './drain.ts'
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

export const serve: Command = {
  usage: `serve [--processes N]
  Answers until Ctrl-C or SIGTERM; the default. Shows what was imported or configured; as long as nothing ever was, a sample
  datacenter, in a database of its own. With N processes as many answer on the one port, each on a core and with a graph of its own.`,
  run: (args) => serveUntilEnd(findShown, args),
}

export async function serveUntilEnd(
  choose: (site: Site) => Promise<DatabaseName>,
  args: string[] = [],
): Promise<number> {
  const stop = untilInterrupted()
  const config = loadConfig(process.env)
  config.http.processes = readProcesses(args) ?? config.http.processes
  await checkPort(config)
  const site = await openSite(config)
  try {
    const name = await choose(site)
    stop.throwIfAborted()
    if (name === 'plenum_demo') await fillSample(site, stop)
    const demo = name === 'plenum_demo' ? await openDemo(config) : undefined
    try {
      const app = await listen(site, name, demo)
      if (!stop.aborted) {
        await print(formatBanner(app, name, site))
        await once(stop, 'abort')
      }
      process.stderr.write('Stopping: what runs is finished first.\n')
      await closeInTime(app)
    } finally {
      await demo?.close()
    }
    return 0
  } finally {
    await site.close()
    // Whatever is left open now has had its time.
    setTimeout(() => process.exit(), 1_000).unref()
  }
}

function readProcesses(args: string[]): number | undefined {
  const { processes } = parseArgs({ args, options: { processes: { type: 'string' } } }).values
  if (processes === undefined) return undefined
  if (/^\d+$/.test(processes) && Number(processes) >= 1 && Number(processes) <= mostProcesses)
    return Number(processes)
  throw new Refusal(`--processes is "${processes}": a number from 1 to ${mostProcesses} is needed`)
}

/** The sample without devices that answer is still a sample. */
async function openDemo({ dataFolder }: Config): Promise<Demo | undefined> {
  try {
    return await startDemo({ dataFolder })
  } catch (error) {
    process.stderr.write(`The sample's devices cannot answer SNMP here: ${(error as Error).message}\n`)
    return undefined
  }
}

async function listen(site: Site, name: DatabaseName, demo: Demo | undefined): Promise<App> {
  try {
    if (site.config.http.processes > 1) return await listenTogether(site, name, demo)
    const config = name === 'plenum_demo' ? withDemo(site.config, demo) : site.config
    return await startApp(config, site.url(name), createServerLog(config.log.level))
  } catch (error) {
    throw isPortTaken(error) ? portTaken(site.config) : error
  }
}

/** Where any free port will do, one that was free may be somebody's by the time that they listen: then it is another. */
async function listenTogether(site: Site, name: DatabaseName, demo: Demo | undefined): Promise<App> {
  const { port } = site.config.http
  for (let tries = 1; ; tries++) {
    try {
      return await listenAll(site, name, port === 0 ? await checkPort(site.config) : port, demo)
    } catch (error) {
      if (port !== 0 || tries === mostTries || !isPortTaken(error)) throw error
    }
  }
}

const mostTries = 5

/** This process keeps the others and the embedded Postgres; they answer. */
const listenAll = (site: Site, name: DatabaseName, port: number, demo: Demo | undefined): Promise<App> =>
  startProcesses({
    count: site.config.http.processes,
    program: join(import.meta.dirname, 'worker.ts'),
    env: {
      DATABASE_URL: site.url(name),
      PORT: String(port),
      ...(name === 'plenum_demo' ? demoEnvironment(demo) : {}),
    },
    tell: (line) => process.stderr.write(`${line}\n`),
  })

/** Told before anything is started; `listen` looks again. Gives the port: a free one where 0 is asked. */
async function checkPort(config: Config): Promise<number> {
  const { host, port } = config.http
  const probe = createServer()
  try {
    probe.listen(port, host)
    await once(probe, 'listening')
  } catch (error) {
    if (isPortTaken(error)) throw portTaken(config)
    throw new Refusal(`Cannot listen on ${host} port ${port}: ${(error as Error).message}`)
  }
  const found = (probe.address() as AddressInfo).port
  const closed = once(probe, 'close')
  probe.close()
  await closed
  return found
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
