/** The tables of a database as SQL text: the same for the same tables, whatever order they were made in. Needs no pg_dump. */
import type { Db } from '../../src/db.ts'

interface Line {
  kind: string
  name: string
  text: string
}

const ours = `n.nspname = 'public' and %.relname not like 'knex\\_%'`
const of = (alias: string) => ours.replace('%', alias)

const tables = `
select 'table' as kind, c.relname as name, format(E'create table %I (\\n%s\\n);', c.relname, string_agg(
  format('  %I %s', a.attname, format_type(a.atttypid, a.atttypmod))
  || case when a.attgenerated <> '' then format(' generated always as (%s) stored', pg_get_expr(d.adbin, d.adrelid)) else coalesce(' default ' || pg_get_expr(d.adbin, d.adrelid), '') end
  || case when a.attidentity <> '' then ' generated as identity' else '' end
  || case when a.attnotnull then ' not null' else '' end, E',\\n' order by a.attnum)) as text
from pg_class c
join pg_namespace n on n.oid = c.relnamespace
join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
where c.relkind in ('r', 'p') and ${of('c')}
group by c.oid, c.relname`

const sequences = `
select 'sequence' as kind, c.relname as name, format('create sequence %I as %s increment %s;', c.relname, format_type(s.seqtypid, null), s.seqincrement) as text
from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_sequence s on s.seqrelid = c.oid
where ${of('c')}`

/** Postgres 18 keeps \`not null\` as constraints too; they stand with the columns. */
const constraints = `
select 'constraint' as kind, c.relname || ' ' || k.conname as name, format('alter table %I add constraint %I %s;', c.relname, k.conname, pg_get_constraintdef(k.oid)) as text
from pg_constraint k join pg_class c on c.oid = k.conrelid join pg_namespace n on n.oid = c.relnamespace
where k.contype <> 'n' and ${of('c')}`

const indexes = `
select 'index' as kind, t.relname || ' ' || c.relname as name, pg_get_indexdef(c.oid) || ';' as text
from pg_index i join pg_class c on c.oid = i.indexrelid join pg_class t on t.oid = i.indrelid join pg_namespace n on n.oid = c.relnamespace
where not exists (select from pg_constraint k where k.conindid = c.oid) and ${of('t')}`

const routines = `
select 'function' as kind, p.oid::regprocedure::text as name, pg_get_functiondef(p.oid) || ';' as text
from pg_proc p join pg_namespace n on n.oid = p.pronamespace
where n.nspname = 'public' and p.prokind in ('f', 'p')
  and not exists (select from pg_depend d where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e')
union all
select 'trigger', c.relname || ' ' || t.tgname, pg_get_triggerdef(t.oid) || ';'
from pg_trigger t join pg_class c on c.oid = t.tgrelid join pg_namespace n on n.oid = c.relnamespace
where not t.tgisinternal and ${of('c')}
union all
select 'view', c.relname, format('create view %I as %s', c.relname, pg_get_viewdef(c.oid))
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('v', 'm') and ${of('c')}
union all
select 'extension', e.extname, format('create extension %I;', e.extname) from pg_extension e where e.extname <> 'plpgsql'
union all
select 'type', t.typname, case t.typtype
  when 'e' then format('create type %I as enum (%s);', t.typname, (select string_agg(quote_literal(l.enumlabel), ', ' order by l.enumsortorder) from pg_enum l where l.enumtypid = t.oid))
  else format('create domain %I as %s;', t.typname, format_type(t.typbasetype, t.typtypmod)) end
from pg_type t join pg_namespace n on n.oid = t.typnamespace
where n.nspname = 'public' and t.typtype in ('e', 'd')`

const order = ['extension', 'type', 'sequence', 'table', 'constraint', 'index', 'view', 'function', 'trigger']

export async function describeTables(db: Db): Promise<string> {
  const lines: Line[] = []
  for (const sql of [tables, sequences, constraints, indexes, routines]) {
    const { rows } = (await db.raw(sql.replaceAll('?', '\\?'))) as { rows: Line[] }
    lines.push(...rows)
  }
  const sorted = lines.sort(
    (one, other) => order.indexOf(one.kind) - order.indexOf(other.kind) || (one.name < other.name ? -1 : 1),
  )
  return `${sorted.map(({ text }) => text.trimEnd()).join('\n\n')}\n`
}
