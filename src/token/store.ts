import { randomBytes } from 'node:crypto'
import type { Knex } from 'knex'
import type { Role } from '../context.ts'
import type { Scopes } from './scope.ts'

/** A token as the table has it; its secret is nowhere. Times in milliseconds. */
export interface TokenRow {
  id: number
  name: string
  /** The base of `customRole`, if that is set. */
  role: Role
  /** A role of the configuration. */
  customRole: string | null
  /** Null: nothing is narrowed. */
  scopes: Scopes | null
  /** From where it may be used; null: from anywhere. */
  addresses: string[] | null
  createdBy: string | null
  hash: Buffer
  createdAt: number
  expiresAt: number | null
  revokedAt: number | null
  lastUsedAt: number | null
}

interface Row {
  id: string
  name: string
  role: Role
  custom_role: string | null
  scopes: Scopes | null
  addresses: string[] | null
  created_by: string | null
  hash: Buffer
  limited_hash: Buffer | null
  created_at: Date
  expires_at: Date | null
  revoked_at: Date | null
  last_used_at: Date | null
}

const columns = [
  'id',
  'name',
  'role',
  'custom_role',
  'scopes',
  'addresses',
  'created_by',
  'hash',
  'limited_hash',
  'created_at',
  'expires_at',
  'revoked_at',
  'last_used_at',
] as const

export async function listTokens(db: Knex): Promise<TokenRow[]> {
  return (
    await db<Row>('token')
      .select<Row[]>(...columns)
      .orderBy('id')
  ).map(toToken)
}

export async function findTokenByHash(db: Knex, hash: Buffer): Promise<TokenRow | undefined> {
  const row = await db<Row>('token')
    .select<Row[]>(...columns)
    .where({ hash })
    .orWhere({ limited_hash: hash })
    .first()
  return row === undefined ? undefined : toToken(row)
}

/** Administrators' tokens that are not revoked. */
export async function countAdminTokens(db: Knex): Promise<number> {
  const [row] = await db('token')
    .where({ role: 'admin', revoked_at: null })
    .count<{ count: string }[]>('* as count')
  return Number(row?.count ?? 0)
}

export type NewToken = Pick<
  TokenRow,
  'name' | 'role' | 'customRole' | 'scopes' | 'addresses' | 'createdBy' | 'hash' | 'expiresAt'
>

/** Gives nothing when the name is taken. What is limited is known by another column: an older process, which would not keep the limits, does not find it. */
export async function insertToken(db: Knex, token: NewToken): Promise<TokenRow | undefined> {
  const { name, role, customRole, scopes, addresses, createdBy, hash, expiresAt } = token
  const isLimited = customRole !== null || scopes !== null || addresses !== null
  const [row] = await db<Row>('token')
    .insert({
      name,
      role,
      custom_role: customRole,
      scopes: scopes === null ? null : (JSON.stringify(scopes) as unknown as Scopes),
      addresses,
      created_by: createdBy,
      hash: isLimited ? randomBytes(32) : hash,
      limited_hash: isLimited ? hash : null,
      created_at: db.fn.now() as unknown as Date,
      expires_at: expiresAt === null ? null : new Date(expiresAt),
    })
    .onConflict()
    .ignore()
    .returning(columns as unknown as '*')
  return row === undefined ? undefined : toToken(row)
}

/** Ids of the resources of a kind that have these names; names that nothing has are left out. */
export async function idsOfNames(
  db: Knex,
  kind: 'Tenant' | 'Site',
  names: readonly string[],
): Promise<Map<string, number>> {
  const rows = await db('resource')
    .where({ kind })
    .whereIn('name', [...names])
    .select<{ id: string; name: string }[]>('id', 'name')
  return new Map(rows.map(({ id, name }) => [name, Number(id)]))
}

/** What a request that is repeated was answered, if it is one. */
export async function findKept(
  trx: Knex,
  asked: { actor: string; key: string },
): Promise<{ hash: Buffer; answer: unknown } | undefined> {
  const [row] = await trx('idempotency')
    .where({ actor: asked.actor, key: asked.key })
    .select<{ input_hash: Buffer; answer: unknown }[]>('input_hash', 'answer')
  return row && { hash: row.input_hash, answer: row.answer }
}

export async function keep(
  trx: Knex,
  asked: { actor: string; key: string; action: string; hash: Buffer },
  answer: object,
): Promise<void> {
  const { actor, key, action, hash } = asked
  await trx('idempotency').insert({
    actor,
    key,
    action,
    input_hash: hash,
    answer: JSON.stringify(answer),
    at: trx.fn.now(),
  })
}

export async function findTokenById(db: Knex, id: number): Promise<TokenRow | undefined> {
  const row = await db<Row>('token')
    .select<Row[]>(...columns)
    .where({ id: String(id) })
    .first()
  return row === undefined ? undefined : toToken(row)
}

/** Gives nothing when there is no such token or it is revoked already. */
export async function revokeToken(db: Knex, name: string): Promise<TokenRow | undefined> {
  const [row] = await db<Row>('token')
    .where({ name })
    .whereNull('revoked_at')
    .update({ revoked_at: db.fn.now() as unknown as Date })
    .returning(columns as unknown as '*')
  return row === undefined ? undefined : toToken(row)
}

export async function saveLastUsed(db: Knex, used: ReadonlyMap<number, number>): Promise<void> {
  await db.raw(
    `update token set last_used_at = greatest(token.last_used_at, to_timestamp(used.at / 1000.0))
     from unnest(?::bigint[], ?::float8[]) as used (id, at) where token.id = used.id`,
    [[...used.keys()], [...used.values()]],
  )
}

const toToken = (row: Row): TokenRow => ({
  id: Number(row.id),
  name: row.name,
  role: row.role,
  customRole: row.custom_role,
  scopes: row.scopes,
  addresses: row.addresses,
  createdBy: row.created_by,
  hash: row.limited_hash ?? row.hash,
  createdAt: Number(row.created_at),
  expiresAt: row.expires_at === null ? null : Number(row.expires_at),
  revokedAt: row.revoked_at === null ? null : Number(row.revoked_at),
  lastUsedAt: row.last_used_at === null ? null : Number(row.last_used_at),
})
