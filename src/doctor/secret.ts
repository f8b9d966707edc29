/** Whether secrets can be read, and by whom else. What they are is told to nobody. */
import { stat } from 'node:fs/promises'
import type { Config } from '../config.ts'
import { readSecret } from '../source/index.ts'
import { secretReference } from '../source/source.ts'
import { fault, ok, warning, type Finding } from './finding.ts'

export async function checkSecrets(config: Config, configPath: string | undefined): Promise<Finding[]> {
  const references = new Set<string>()
  collect(
    config.sources.map(({ settings }) => settings),
    references,
  )
  collect(config.tracing.headers, references)
  collect(config.remote.headers, references)
  collect(config.notify.receivers, references)
  const found = await Promise.all([...references].map(checkReference))
  const files = [
    ...(config.http.tls === undefined ? [] : [{ path: config.http.tls.key, what: 'the key of http.tls' }]),
    ...(configPath !== undefined && holdsPassword(config)
      ? [{ path: configPath, what: 'the configuration, with the password of database.url' }]
      : []),
    ...[...references].flatMap((one) =>
      one.startsWith('file:') ? [{ path: one.slice(5), what: 'the file of a secret' }] : [],
    ),
  ]
  const modes = await Promise.all(files.map(checkMode))
  const all = [...found, ...modes].flat()
  return all.length > 0 ? all : [ok('secrets', `${references.size} can be read, and by nobody else`)]
}

/** References wherever they stand in settings: each driver has its own keys for them. */
function collect(value: unknown, into: Set<string>): void {
  if (typeof value === 'string' && secretReference.test(value)) into.add(value)
  else if (typeof value === 'object' && value !== null)
    for (const inner of Object.values(value)) collect(inner, into)
}

const holdsPassword = ({ database: { url } }: Config): boolean =>
  url !== undefined && process.env['DATABASE_URL'] === undefined && new URL(url).password !== ''

async function checkReference(reference: string): Promise<Finding[]> {
  try {
    await readSecret(reference)
    return []
  } catch (error) {
    return [fault('secrets', (error as Error).message, adviceOf(reference))]
  }
}

const adviceOf = (reference: string): string =>
  reference.startsWith('env:')
    ? `start Plenum with ${reference.slice(4)} in its environment`
    : reference.startsWith('file:')
      ? 'make the file readable for the user that Plenum runs as, and for nobody else'
      : 'run the command as the user that Plenum runs as: its first line of output is the secret'

const ofOthers = 0o077

async function checkMode({ path, what }: { path: string; what: string }): Promise<Finding[]> {
  const found = await stat(path).catch(() => undefined)
  if (found === undefined || process.platform === 'win32' || (found.mode & ofOthers) === 0) return []
  const mode = (found.mode & 0o777).toString(8).padStart(4, '0')
  return [warning('secrets', `others may read ${path} (mode ${mode}): ${what}`, `chmod 600 ${path}`)]
}
