/**
 * Terminology
 * - token: a named right to ask, with a role. Its secret is shown once, when it is made; at rest there is only its SHA-256.
 * - session: what a token gives to whoever shows its secret: a viewer, until when.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import type { Knex } from 'knex'
import type { Logger } from 'pino'
import type { Role, Viewer } from '../context.ts'
import { PlenumError, invalidInput, notFound } from '../errors.ts'
import type { Actor } from '../resource/resource.ts'
import {
  countAdminTokens,
  findTokenByHash,
  insertToken,
  listTokens,
  revokeToken,
  saveLastUsed,
} from './store.ts'
import type { TokenRow } from './store.ts'

export type Token = Omit<TokenRow, 'hash'>

export interface Session {
  viewer: Viewer
  /** Milliseconds; null: never. */
  expiresAt: number | null
}

export interface Tokens {
  /** The session of a secret; undefined when it is unknown, expired or revoked. */
  verify(secret: string): Promise<Session | undefined>
  /** Makes a token; its secret is in the answer and nowhere else. CONFLICT/STATE when the name is taken. */
  create(
    request: { name: string; role: Role; expiresAt?: number | null },
    by: Actor,
  ): Promise<{ token: Token; secret: string }>
  /** NOT_FOUND when there is no such token that is still good. */
  revoke(name: string, by: Actor): Promise<Token>
  list(): Promise<Token[]>
  /** Where there is no administrator yet: makes a token for one, of `secret` or of chance. Gives the secret when it made one. */
  ensureAdmin(secret: string | undefined): Promise<string | undefined>
  /** Tells when a token is revoked, here or (through `forget`) in another process. Gives the way to stop listening. */
  onRevoked(listener: (tokenId: number) => void): () => void
  /** What another process says of a token: it is read again before it is believed again. */
  forget(tokenId: number): void
  /** Drops all that is remembered, and tells of all that are revoked: when events may have been missed. */
  forgetAll(): Promise<void>
  close(): Promise<void>
}

const prefix = 'plenum_'
const lastUsedIntervalMs = 10_000
/** Unknown secrets are asked of the database; this many known ones are remembered. */
const rememberedTokens = 10_000

/** Starts the tokens. `onChange` puts the fact into the event log. */
export function startTokens(options: {
  db: Knex
  log: Logger
  onChange?: (type: 'TokenCreated' | 'TokenRevoked', token: Token, by: Actor) => Promise<void>
}): Tokens {
  const { db, log, onChange } = options
  const remembered = new Map<string, TokenRow>()
  const used = new Map<number, number>()
  const listeners = new Set<(tokenId: number) => void>()
  const timer = setInterval(() => void flush(), lastUsedIntervalMs)
  timer.unref()

  async function flush(): Promise<void> {
    if (used.size === 0) return
    const batch = new Map(used)
    used.clear()
    await saveLastUsed(db, batch).catch((error: unknown) => {
      log.warn({ err: error }, 'could not save when tokens were last used')
    })
  }

  async function find(hash: Buffer): Promise<TokenRow | undefined> {
    const key = hash.toString('base64')
    const known = remembered.get(key)
    if (known !== undefined) return known
    const row = await findTokenByHash(db, hash)
    if (row === undefined || !timingSafeEqual(row.hash, hash)) return undefined
    if (remembered.size >= rememberedTokens) remembered.clear()
    remembered.set(key, row)
    return row
  }

  function forget(tokenId: number): void {
    for (const [key, row] of remembered) if (row.id === tokenId) remembered.delete(key)
    for (const listener of listeners) listener(tokenId)
  }

  async function make(name: string, role: Role, expiresAt: number | null, secret: string) {
    const row = await insertToken(db, { name, role, hash: hashOf(secret), expiresAt })
    return row === undefined ? undefined : toToken(row)
  }

  return {
    async verify(secret) {
      const row = await find(hashOf(secret))
      const now = Date.now()
      if (row === undefined || row.revokedAt !== null) return undefined
      if (row.expiresAt !== null && row.expiresAt <= now) return undefined
      used.set(row.id, now)
      return { viewer: { name: row.name, role: row.role, tokenId: row.id }, expiresAt: row.expiresAt }
    },
    async create({ name, role, expiresAt = null }, by) {
      if (!/^[\w.@ -]{1,100}$/.test(name)) {
        throw invalidInput('A token name has 1 to 100 letters, digits, spaces and . _ @ -', 'input.name')
      }
      if (expiresAt !== null && expiresAt <= Date.now()) {
        throw invalidInput('The token would have expired already', 'input.expiresAt')
      }
      const secret = prefix + randomBytes(32).toString('base64url')
      const token = await make(name, role, expiresAt, secret)
      if (token === undefined) {
        throw new PlenumError('CONFLICT', `There is a token named ${name} already`, {
          reason: 'STATE',
          path: 'input.name',
        })
      }
      await onChange?.('TokenCreated', token, by)
      return { token, secret }
    },
    async revoke(name, by) {
      const row = await revokeToken(db, name)
      if (row === undefined)
        throw notFound(`There is no token named ${name} that is still good`, 'input.name')
      forget(row.id)
      await onChange?.('TokenRevoked', toToken(row), by)
      return toToken(row)
    },
    list: async () => (await listTokens(db)).map(toToken),
    async ensureAdmin(secret) {
      if ((await countAdminTokens(db)) > 0) return undefined
      if (secret !== undefined && secret.length < 16) {
        throw invalidInput('PLENUM_ADMIN_TOKEN must have at least 16 characters')
      }
      const given = secret ?? prefix + randomBytes(32).toString('base64url')
      const token = await make('admin', 'admin', null, given)
      return token === undefined ? undefined : given
    },
    onRevoked(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    forget,
    async forgetAll() {
      remembered.clear()
      const revoked = (await listTokens(db)).filter(({ revokedAt }) => revokedAt !== null)
      for (const { id } of revoked) forget(id)
    },
    async close() {
      clearInterval(timer)
      await flush()
    },
  }
}

const hashOf = (secret: string): Buffer => createHash('sha256').update(secret).digest()

function toToken({ hash: _, ...token }: TokenRow): Token {
  return token
}
