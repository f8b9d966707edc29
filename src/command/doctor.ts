import { parseArgs } from 'node:util'
import { ConfigError, loadConfig, type Config } from '../config.ts'
import { openDb } from '../db.ts'
import {
  examineDatabase,
  examineMachine,
  examineSources,
  fault,
  formatFindings,
  ok,
  type Finding,
} from '../doctor/index.ts'
import { openSite, print, type Command, type Site } from './command.ts'

export const doctor: Command = {
  usage: `doctor [--json]
  Looks at everything that Plenum needs: configuration, secrets, database, clock, disk, memory, limits, port, certificate, sources.
  Says what is not well and what to do; changes none of your data. Ends with status 1 when something will not do.`,
  async run(args) {
    const { json } = parseArgs({ args, options: { json: { type: 'boolean' } } }).values
    const findings = await examine(process.env)
    await print(json ? `${JSON.stringify(findings, null, 2)}\n` : formatFindings(findings))
    return findings.some(({ verdict }) => verdict === 'fault') ? 1 : 0
  },
}

async function examine(env: NodeJS.ProcessEnv): Promise<Finding[]> {
  const configPath = env['PLENUM_CONFIG'] || undefined
  let config: Config
  try {
    config = loadConfig(env)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return [fault('configuration', error.message, 'correct it: config.example.yaml has every key')]
  }
  const isEmbedded = config.database.url === undefined
  const [machine, database, sources] = await Promise.all([
    examineMachine({ config, configPath, folder: isEmbedded ? config.dataFolder : undefined }),
    examineSite(config),
    examineSources(config),
  ])
  const known = ok('configuration', configPath === undefined ? 'none is named: defaults' : configPath)
  return [known, ...machine, ...database, ...sources]
}

async function examineSite(config: Config): Promise<Finding[]> {
  let site: Site
  try {
    site = await openSite(config)
  } catch (error) {
    const message = `the embedded Postgres does not start: ${(error as Error).message}`
    return [fault('database', message, 'look at postgres.log in the data folder')]
  }
  try {
    const db = openDb({ url: site.url('plenum'), poolSize: 2 })
    try {
      return await examineDatabase(db, config)
    } finally {
      await db.destroy()
    }
  } finally {
    await site.close()
  }
}
