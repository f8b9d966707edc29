/** Looks at everything that Plenum needs, and says what to do about what is not well. */
import type { Config } from '../config.ts'
import type { Db } from '../db.ts'
import { checkDatabase } from './database.ts'
import type { Finding } from './finding.ts'
import { checkCertificate, checkFiles, checkFolder, checkPort } from './machine.ts'
import { checkSecrets } from './secret.ts'
import { checkSource } from './source.ts'

export { fault, formatFindings, ok, type Finding } from './finding.ts'

export interface Examined {
  config: Config
  configPath: string | undefined
  /** Of the embedded Postgres; undefined with one of people's own. */
  folder: string | undefined
}

/** All that can be told without the database. */
export async function examineMachine({ config, configPath, folder }: Examined): Promise<Finding[]> {
  return (
    await Promise.all([
      checkSecrets(config, configPath),
      checkCertificate(config),
      checkPort(config).then((one) => [one]),
      [checkFiles(config)],
      folder === undefined ? [] : checkFolder(folder).then((one) => [one]),
    ])
  ).flat()
}

export const examineDatabase = (db: Db, config: Config): Promise<Finding[]> => checkDatabase(db, config)

export const examineSources = (config: Config): Promise<Finding[]> =>
  Promise.all(config.sources.map(checkSource))
