/** Opens readers of devices with credentials whose secrets were looked up: v1 and v2c over the shared socket, v3 over sessions. */
import type { SourceEnvironment } from '../source.ts'
import { startSnmpClient, type SnmpClient } from './protocol/index.ts'
import { channelOf, readerOf, type SnmpReader } from './reader.ts'
import { startV3Client, type V3Client, type V3Credentials } from './session.ts'
import type { SnmpCredentials, SnmpSettings } from './settings.ts'

/** Credentials with their secrets. */
export type Login =
  | { name: string; version: '1' | '2c'; community: string }
  | { name: string; version: '3'; credentials: V3Credentials; context?: string }

export interface OpenReader {
  reader: SnmpReader
  close(): void
}

export async function readLogins(
  credentials: SnmpSettings['credentials'],
  secret: SourceEnvironment['secret'],
): Promise<Login[]> {
  return Promise.all(Object.entries(credentials).map(([name, one]) => readLogin(name, one, secret)))
}

async function readLogin(
  name: string,
  one: SnmpCredentials,
  secret: SourceEnvironment['secret'],
): Promise<Login> {
  if ('community' in one) return { name, version: one.version, community: await secret(one.community) }
  const { user, auth, priv, context } = one
  return {
    name,
    version: '3',
    credentials: {
      user,
      ...(auth && { auth: { protocol: auth.protocol, password: await secret(auth.password) } }),
      ...(priv && { priv: { protocol: priv.protocol, password: await secret(priv.password) } }),
    },
    ...(context !== undefined && { context }),
  }
}

export class Opener {
  readonly #client: SnmpClient
  readonly #v3: V3Client
  readonly #settings: SnmpSettings

  private constructor(client: SnmpClient, settings: SnmpSettings) {
    this.#client = client
    this.#v3 = startV3Client()
    this.#settings = settings
  }

  static async start(settings: SnmpSettings): Promise<Opener> {
    return new Opener(await startSnmpClient(), settings)
  }

  open(address: string, port: number, login: Login): OpenReader {
    const { timeoutMs, retries, requestsPerDevice: maxInFlight } = this.#settings
    if (login.version !== '3') {
      const { version, community } = login
      const target = this.#client.target({
        address,
        port,
        version,
        community,
        timeoutMs,
        retries,
        maxInFlight,
      })
      return { reader: readerOf(channelOf(this.#client, target)), close: () => {} }
    }
    const session = this.#v3.open({
      ...{ address, port, timeoutMs, retries, credentials: login.credentials },
      ...(login.context !== undefined && { context: login.context }),
      deadlineMs: timeoutMs * 2 ** (retries + 1) + 1_000,
    })
    return { reader: readerOf(session), close: () => session.close() }
  }

  async close(): Promise<void> {
    this.#v3.close()
    await this.#client.close()
  }
}
