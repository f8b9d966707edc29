import type { Knex } from 'knex'

/**
 * Addresses and prefixes are recognised within their VRF alone. Those that were within a VLAN or a group are within nothing now; what told of them is looked at anew when it is
 * listed next, and joins what it is one with.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
with moved as (
  update identity i set scope = ''
  from resource r
  where i.type in ('address', 'cidr') and i.scope = 'r:' || r.id and r.kind <> 'Vrf'
  returning i.source_id, i.key
)
update observation o set content_hash = ''::bytea from moved m where o.source_id = m.source_id and o.key = m.key;
`)
}

export async function down(): Promise<void> {
  throw new Error('Plenum goes forward only: restore a backup to go back')
}
