import type { Knex } from 'knex'

/**
 * What a token may do, further than its role: a role of the configuration, scopes, addresses. A limited token's secret is known by `limited_hash` only; its `hash` is of
 * chance. So an older process that knows nothing of limits does not let it in, rather than let it in without them.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
alter table token
  add column limited_hash bytea unique,
  add column custom_role text,
  add column scopes jsonb,
  add column addresses text[],
  add column created_by text;
`)
}

export async function down(): Promise<void> {
  throw new Error('Plenum goes forward only: restore a backup to go back')
}
