import { parseArgs } from 'node:util'
import { loadConfig } from '../config.ts'
import { roles, type Verb as WriteVerb } from '../context.ts'
import { appendEvents } from '../event/index.ts'
import { createLog } from '../log.ts'
import type { KindName } from '../resource/kind/index.ts'
import { roleOf, startTokens, type CustomRoles, type Scopes, type Tokens } from '../token/index.ts'
import { audit, caller, Refusal, withDb, type Command } from './command.ts'

export const token: Command = {
  usage: `token create NAME [--role ${roles.join('|')}|ROLE] [--days N] [--kind KIND]… [--verb VERB]… [--site NAME]… [--tenant NAME]… [--blueprint NAME]… [--from RANGE]… [--dry-run] [--demo] | token list [--demo] | token revoke NAME [--dry-run] [--demo]
  Makes, lists and revokes tokens. A token's secret is shown once, when it is made. They are those of what serve shows now; with --demo those of the sample datacenter.`,
  async run(args) {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: {
        role: { type: 'string', default: 'viewer' },
        days: { type: 'string' },
        kind: { type: 'string', multiple: true },
        verb: { type: 'string', multiple: true },
        site: { type: 'string', multiple: true },
        tenant: { type: 'string', multiple: true },
        blueprint: { type: 'string', multiple: true },
        from: { type: 'string', multiple: true },
        'dry-run': { type: 'boolean', default: false },
        demo: { type: 'boolean', default: false },
      },
    })
    const [verb, name] = positionals
    const act = verbs[verb ?? '']
    if (act === undefined)
      throw new Refusal('Say what to do: plenum token create NAME, token list, or token revoke NAME')
    const custom = loadConfig(process.env).access.roles
    const answer = await withDb(values.demo ? 'plenum_demo' : 'shown', async (db) => {
      const tokens = startTokens({
        db,
        log: createLog('error'),
        roles: custom,
        onChange: async (type, { id, name: changed }, by) => {
          await db.transaction((trx) =>
            appendEvents(trx, by.name, [{ type, detail: { tokenId: id, name: changed } }]),
          )
          await audit(db, {
            action: type === 'TokenCreated' ? 'token create' : 'token revoke',
            input: { name: changed },
          })
        },
      })
      try {
        return await act(tokens, name, values, custom)
      } finally {
        await tokens.close()
      }
    })
    process.stdout.write(`${answer}\n`)
    return 0
  },
}

const by = caller()
type Verb = (tokens: Tokens, name: string | undefined, values: Values, custom: CustomRoles) => Promise<string>

interface Values {
  role: string
  days?: string | undefined
  kind?: string[] | undefined
  verb?: string[] | undefined
  site?: string[] | undefined
  tenant?: string[] | undefined
  blueprint?: string[] | undefined
  from?: string[] | undefined
  'dry-run': boolean
}

/** What the options narrow; kinds and verbs are checked where tokens are made. */
async function scopesOf(tokens: Tokens, { kind, verb, site, tenant, blueprint }: Values): Promise<Scopes> {
  return {
    ...(kind === undefined ? {} : { kinds: kind as KindName[] }),
    ...(verb === undefined ? {} : { verbs: verb.map((one) => one.toUpperCase() as WriteVerb) }),
    ...(blueprint === undefined ? {} : { blueprints: blueprint }),
    ...(site === undefined ? {} : { sites: await tokens.idsOf('Site', site, '--site') }),
    ...(tenant === undefined ? {} : { tenants: await tokens.idsOf('Tenant', tenant, '--tenant') }),
  }
}

const verbs: Record<string, Verb> = {
  async create(tokens, name, values, custom) {
    const { role, days } = values
    if (name === undefined) throw new Refusal('Name the token: plenum token create NAME')
    const meant = roleOf(role, custom)
    if (meant === undefined)
      throw new Refusal(`There is no role ${role}: one of ${[...roles, ...Object.keys(custom)].join(', ')}`)
    const valid = days === undefined ? null : Number(days)
    if (valid !== null && !(valid > 0)) throw new Refusal(`--days is a number above 0, not ${days}`)
    const expiresAt = valid === null ? null : Date.now() + valid * 86_400_000
    const request = {
      ...{ name, role: meant.base, expiresAt, scopes: await scopesOf(tokens, values) },
      customRole: role === meant.base ? null : role,
      addresses: values.from ?? null,
    }
    const { secret } = await tokens.create(request, by, { dryRun: values['dry-run'] })
    return secret ?? `${name} could be made`
  },
  async list(tokens) {
    const time = (at: number | null) => (at === null ? '-' : new Date(at).toISOString())
    const rows = (await tokens.list()).map((one) => [
      one.name,
      one.customRole ?? one.role,
      one.scopes === null && one.addresses === null ? '' : 'narrowed',
      time(one.createdAt),
      time(one.expiresAt),
      time(one.lastUsedAt),
      one.revokedAt === null ? '' : 'revoked',
    ])
    const table = [['NAME', 'ROLE', 'SCOPE', 'CREATED', 'EXPIRES', 'LAST USED', ''], ...rows]
    const widths = table[0]!.map((_, column) => Math.max(...table.map((row) => row[column]!.length)))
    return table
      .map((row) =>
        row
          .map((cell, column) => cell.padEnd(widths[column]!))
          .join('  ')
          .trimEnd(),
      )
      .join('\n')
  },
  async revoke(tokens, name, values) {
    if (name === undefined) throw new Refusal('Name the token: plenum token revoke NAME')
    await tokens.revoke(name, by, { dryRun: values['dry-run'] })
    return values['dry-run'] ? `${name} could be revoked` : `${name} is revoked`
  },
}
