import { parseArgs } from 'node:util'
import { roles, type Role } from '../context.ts'
import { appendEvents } from '../event/index.ts'
import { createLog } from '../log.ts'
import { startTokens, type Tokens } from '../token/index.ts'
import { audit, caller, Refusal, withDb, type Command } from './command.ts'

export const token: Command = {
  usage: `token create NAME [--role ${roles.join('|')}] [--days N] [--demo] | token list [--demo] | token revoke NAME [--demo]
  Makes, lists and revokes tokens. A token's secret is shown once, when it is made. They are those of what serve shows now; with --demo those of the sample datacenter.`,
  async run(args) {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: {
        role: { type: 'string', default: 'viewer' },
        days: { type: 'string' },
        demo: { type: 'boolean', default: false },
      },
    })
    const [verb, name] = positionals
    const act = verbs[verb ?? '']
    if (act === undefined)
      throw new Refusal('Say what to do: plenum token create NAME, token list, or token revoke NAME')
    const answer = await withDb(values.demo ? 'plenum_demo' : 'shown', async (db) => {
      const tokens = startTokens({
        db,
        log: createLog('error'),
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
        return await act(tokens, name, values)
      } finally {
        await tokens.close()
      }
    })
    process.stdout.write(`${answer}\n`)
    return 0
  },
}

const by = caller()
type Verb = (
  tokens: Tokens,
  name: string | undefined,
  values: { role: string; days?: string | undefined },
) => Promise<string>

const verbs: Record<string, Verb> = {
  async create(tokens, name, { role, days }) {
    if (name === undefined) throw new Refusal('Name the token: plenum token create NAME')
    if (!roles.includes(role as Role))
      throw new Refusal(`There is no role ${role}: one of ${roles.join(', ')}`)
    const valid = days === undefined ? null : Number(days)
    if (valid !== null && !(valid > 0)) throw new Refusal(`--days is a number above 0, not ${days}`)
    const expiresAt = valid === null ? null : Date.now() + valid * 86_400_000
    return (await tokens.create({ name, role: role as Role, expiresAt }, by)).secret
  },
  async list(tokens) {
    const time = (at: number | null) => (at === null ? '-' : new Date(at).toISOString())
    const rows = (await tokens.list()).map((one) => [
      one.name,
      one.role,
      time(one.createdAt),
      time(one.expiresAt),
      time(one.lastUsedAt),
      one.revokedAt === null ? '' : 'revoked',
    ])
    const table = [['NAME', 'ROLE', 'CREATED', 'EXPIRES', 'LAST USED', ''], ...rows]
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
  async revoke(tokens, name) {
    if (name === undefined) throw new Refusal('Name the token: plenum token revoke NAME')
    await tokens.revoke(name, by)
    return `${name} is revoked`
  },
}
