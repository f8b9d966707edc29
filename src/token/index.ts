/**
 * Terminology
 * - token: a named right to ask, with a role. Its secret is shown once, when it is made; at rest there is only its SHA-256.
 * - session: what a token gives to whoever shows its secret: a viewer, until when.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import type { BlockList } from 'node:net'
import type { Knex } from 'knex'
import type { Logger } from 'pino'
import type { Viewer } from '../context.ts'
import { PlenumError, invalidInput, notFound } from '../errors.ts'
import type { Actor, ResourceId } from '../resource/resource.ts'
import { toRanges } from './address.ts'
import { checkRequest, type TokenRequest } from './check.ts'
import { once, type Manner } from './once.ts'
import { roleOf, toViewer, type CustomRoles } from './scope.ts'
import {
  countAdminTokens,
  findTokenByHash,
  idsOfNames,
  insertToken,
  listTokens,
  revokeToken,
  saveLastUsed,
} from './store.ts'
import type { TokenRow } from './store.ts'

export { isWithin, toRanges } from './address.ts'
export type { TokenRequest } from './check.ts'
export type { Manner } from './once.ts'
export { roleOf, toViewer, type CustomRole, type CustomRoles, type Scopes } from './scope.ts'

export type Token = Omit<TokenRow, 'hash'>

export interface Session {
  viewer: Viewer
  /** Milliseconds; null: never. */
  expiresAt: number | null
  /** From where it may be used; absent: from anywhere. */
  addresses?: BlockList
}

export interface MadeToken {
  token: Token
  /** Null in a dry run, and when the request is one that was answered before: it was shown then, and is kept nowhere. */
  secret: string | null
  /** Whether the request was answered before. */
  isRepeated: boolean
}

export interface Tokens {
  /** The session of a secret; undefined when it is unknown, expired or revoked. */
  verify(secret: string): Promise<Session | undefined>
  /** Whether the secret was good when it was last shown: without asking the database, or an identity provider. */
  knows(secret: string): boolean
  /** Makes a token; its secret is in the answer and nowhere else. CONFLICT/STATE when the name is taken. */
  create(request: TokenRequest, by: Actor, manner?: Manner): Promise<MadeToken>
  /** NOT_FOUND when there is no such token that is still good. */
  revoke(name: string, by: Actor, manner?: Manner): Promise<Token>
  list(): Promise<Token[]>
  /** Ids of sites or tenants by their names; NOT_FOUND names the first that is not there. */
  idsOf(kind: 'Tenant' | 'Site', names: readonly string[], path: string): Promise<ResourceId[]>
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

export interface TokenOptions {
  db: Knex
  log: Logger
  onChange?: (type: 'TokenCreated' | 'TokenRevoked', token: Token, by: Actor) => Promise<void>
  /** The roles of the configuration. */
  roles?: CustomRoles
  /** Who vouches for what is no token of ours: JWTs of an identity provider. */
  identities?: { verify(jwt: string): Promise<Session> }
}

/** Starts the tokens. `onChange` puts the fact into the event log. */
export function startTokens({ db, log, onChange, roles = {}, identities }: TokenOptions): Tokens {
  const remembered = new Map<string, TokenRow>()
  /** JWTs that were good, by their hash: until when. */
  const vouched = new Map<string, number>()
  const used = new Map<number, number>()
  const listeners = new Set<(tokenId: number) => void>()
  /** How often something was forgotten. */
  let forgotten = 0
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

  /** What was read while a token was revoked may be from before: it is read again. */
  async function readUnforgotten(hash: Buffer): Promise<TokenRow | undefined> {
    for (;;) {
      const before = forgotten
      const row = await findTokenByHash(db, hash)
      if (before === forgotten) return row
    }
  }

  async function find(hash: Buffer): Promise<TokenRow | undefined> {
    const key = hash.toString('base64')
    const known = remembered.get(key)
    if (known !== undefined) return known
    const row = await readUnforgotten(hash)
    if (row === undefined || !timingSafeEqual(row.hash, hash)) return undefined
    if (remembered.size >= rememberedTokens) remembered.clear()
    remembered.set(key, row)
    return row
  }

  function vouch(jwt: string, session: Session): Session {
    if (vouched.size >= rememberedTokens) vouched.clear()
    vouched.set(hashOf(jwt).toString('base64'), session.expiresAt ?? Infinity)
    return session
  }

  function forget(tokenId: number): void {
    forgotten++
    for (const [key, row] of remembered) if (row.id === tokenId) remembered.delete(key)
    for (const listener of listeners) listener(tokenId)
  }

  async function make(trx: Knex, request: TokenRequest, by: string | null, secret: string) {
    const { name, role, customRole = null, scopes = null, addresses = null, expiresAt = null } = request
    return insertToken(trx, {
      ...{ name, role, customRole, expiresAt, createdBy: by, hash: hashOf(secret) },
      scopes: scopes === null || Object.keys(scopes).length === 0 ? null : scopes,
      addresses: addresses === null ? null : [...addresses],
    })
  }

  function sessionOf(row: TokenRow): Session | undefined {
    const roleName = row.customRole ?? row.role
    const role = roleOf(roleName, roles)
    // A role that the configuration no longer has allows nothing, not what its base does.
    if (role === undefined) return undefined
    return {
      viewer: toViewer({ name: row.name, tokenId: row.id, roleName }, role, row.scopes ?? {}),
      expiresAt: row.expiresAt,
      ...(row.addresses === null ? {} : { addresses: toRanges(row.addresses, 'addresses') }),
    }
  }

  return {
    async verify(secret) {
      if (identities !== undefined && isJwt(secret)) return vouch(secret, await identities.verify(secret))
      const row = await find(hashOf(secret))
      const now = Date.now()
      if (row === undefined || row.revokedAt !== null) return undefined
      if (row.expiresAt !== null && row.expiresAt <= now) return undefined
      used.set(row.id, now)
      return sessionOf(row)
    },
    knows(secret) {
      const key = hashOf(secret).toString('base64')
      return remembered.has(key) || (vouched.get(key) ?? 0) > Date.now()
    },
    async create(request, by, manner = {}) {
      checkRequest(request, roles)
      const secret = prefix + randomBytes(32).toString('base64url')
      const asked = { action: 'createToken', input: request, by, manner }
      const { row, isRepeated } = await once(db, asked, async (trx) => {
        const made = await make(trx, request, by.name, secret)
        if (made !== undefined) return made
        throw new PlenumError('CONFLICT', `There is a token named ${request.name} already`, {
          reason: 'STATE',
          path: 'input.name',
        })
      })
      if (isRepeated || manner.dryRun === true) return { token: toToken(row), secret: null, isRepeated }
      await onChange?.('TokenCreated', toToken(row), by)
      return { token: toToken(row), secret, isRepeated }
    },
    async revoke(name, by, manner = {}) {
      const asked = { action: 'revokeToken', input: name, by, manner }
      const { row, isRepeated } = await once(db, asked, async (trx) => {
        const revoked = await revokeToken(trx, name)
        if (revoked !== undefined) return revoked
        throw notFound(`There is no token named ${name} that is still good`, 'input.name')
      })
      if (isRepeated || manner.dryRun === true) return toToken(row)
      forget(row.id)
      await onChange?.('TokenRevoked', toToken(row), by)
      return toToken(row)
    },
    async idsOf(kind, names, path) {
      const found = await idsOfNames(db, kind, names)
      return names.map((name, index) => {
        const id = found.get(name)
        if (id === undefined) throw notFound(`There is no ${kind} named ${name}`, `${path}[${index}]`)
        return id
      })
    },
    list: async () => (await listTokens(db)).map(toToken),
    async ensureAdmin(secret) {
      if ((await countAdminTokens(db)) > 0) return undefined
      if (secret !== undefined && secret.length < 16) {
        throw invalidInput('PLENUM_ADMIN_TOKEN must have at least 16 characters')
      }
      const given = secret ?? prefix + randomBytes(32).toString('base64url')
      const token = await make(db, { name: 'admin', role: 'admin' }, null, given)
      return token === undefined ? undefined : given
    },
    onRevoked(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    forget,
    async forgetAll() {
      remembered.clear()
      forgotten++
      const revoked = (await listTokens(db)).filter(({ revokedAt }) => revokedAt !== null)
      for (const { id } of revoked) forget(id)
    },
    async close() {
      clearInterval(timer)
      await flush()
    },
  }
}

const isJwt = (secret: string): boolean => /^[\w-]+\.[\w-]+\.[\w-]*$/.test(secret)

const hashOf = (secret: string): Buffer => createHash('sha256').update(secret).digest()

function toToken({ hash: _, ...token }: TokenRow): Token {
  return token
}
