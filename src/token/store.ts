import type { Knex } from 'knex'
import type { Role } from '../context.ts'

/** A token as the table has it; its secret is nowhere. Times in milliseconds. */
export interface TokenRow {
  id: number
  name: string
  role: Role
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
  hash: Buffer
  created_at: Date
  expires_at: Date | null
  revoked_at: Date | null
  last_used_at: Date | null
}

const columns = [
  'id',
  'name',
  'role',
  'hash',
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

/** Gives nothing when the name is taken. */
export async function insertToken(
  db: Knex,
  token: { name: string; role: Role; hash: Buffer; expiresAt: number | null },
): Promise<TokenRow | undefined> {
  const [row] = await db<Row>('token')
    .insert({
      name: token.name,
      role: token.role,
      hash: token.hash,
      created_at: db.fn.now() as unknown as Date,
      expires_at: token.expiresAt === null ? null : new Date(token.expiresAt),
    })
    .onConflict()
    .ignore()
    .returning(columns as unknown as '*')
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
  hash: row.hash,
  createdAt: Number(row.created_at),
  expiresAt: row.expires_at === null ? null : Number(row.expires_at),
  revokedAt: row.revoked_at === null ? null : Number(row.revoked_at),
  lastUsedAt: row.last_used_at === null ? null : Number(row.last_used_at),
})
