/** Whether devices answer to the credentials: a few of the seeds, each asked for how long it has been up. */
import { SourceError } from '../source.ts'
import type { Login, Opener } from './opener.ts'
import { encodeOid } from './protocol/index.ts'
import type { SnmpSettings } from './settings.ts'

const upTime = encodeOid('1.3.6.1.2.1.1.3.0')
const mostSeeds = 5

export async function probeSeeds(
  { seeds, port }: Pick<SnmpSettings, 'seeds' | 'port'>,
  logins: readonly Login[],
  opener: Opener,
  signal: AbortSignal,
): Promise<string> {
  const some = seeds.slice(0, mostSeeds)
  if (some.length === 0) return 'no seeds: devices are those of the inventory'
  const silent: string[] = []
  for (const seed of some) {
    const own = 'credentials' in seed ? seed.credentials : undefined
    const tried = logins.filter(({ name }) => own === undefined || own.includes(name))
    const isUp = await answers(
      seed.address,
      ('port' in seed ? seed.port : undefined) ?? port,
      tried,
      opener,
      signal,
    )
    if (!isUp) silent.push(seed.address)
  }
  if (silent.length === some.length)
    throw new SourceError(
      'timeout',
      `none of ${some.map(({ address }) => address).join(', ')} answers to any of the credentials`,
    )
  const rest = silent.length === 0 ? '' : `; silent: ${silent.join(', ')}`
  return `${some.length - silent.length} of ${some.length} seeds answer${rest}`
}

async function answers(
  address: string,
  port: number,
  logins: readonly Login[],
  opener: Opener,
  signal: AbortSignal,
): Promise<boolean> {
  for (const login of logins) {
    const { reader, close } = opener.open(address, port, login)
    try {
      await reader.get([upTime], signal)
      return true
    } catch {
      signal.throwIfAborted()
    } finally {
      close()
    }
  }
  return false
}
