/** The program: which command, with which arguments; what went wrong as one line and an exit code. */
import { audit } from './command/audit.ts'
import { backup } from './command/backup.ts'
import { print, Refusal, type Command } from './command/command.ts'
import { demo } from './command/demo.ts'
import { doctor } from './command/doctor.ts'
import { exportFile } from './command/export.ts'
import { importFile } from './command/import.ts'
import { migrate } from './command/migrate.ts'
import { query } from './command/query.ts'
import { restore } from './command/restore.ts'
import { rule } from './command/try-rule.ts'
import { serve } from './command/serve.ts'
import { token } from './command/token.ts'
import { ConfigError } from './config.ts'
import { PlenumError } from './errors.ts'

const commands: Readonly<Record<string, Command>> = {
  serve,
  demo,
  migrate,
  import: importFile,
  export: exportFile,
  token,
  query,
  rule,
  audit,
  backup,
  restore,
  doctor,
}

const help = `plenum: one GraphQL graph over every datacenter resource

${Object.values(commands)
  .map(({ usage }) => `  plenum ${usage.replaceAll('\n', '\n  ')}`)
  .join('\n')}

Environment: PORT (4000), PLENUM_DATA_DIR (.plenum), PLENUM_CONFIG, PLENUM_ADMIN_TOKEN, DATABASE_URL, PLENUM_READ_ONLY. See docs/operation.md.
`

async function main([name = 'serve', ...args]: string[]): Promise<number> {
  if (name === '--help' || name === 'help' || name === '-h') return tell(help)
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined
  if (command === undefined)
    throw new Refusal(`There is no command ${name}: one of ${Object.keys(commands).join(', ')}`)
  if (args.includes('--help') || args.includes('-h')) return tell(`plenum ${command.usage}\n`)
  return command.run(args)
}

async function tell(text: string): Promise<number> {
  await print(text)
  return 0
}

/** What people can act on is one line; anything else is told whole. */
function explain(error: unknown): string {
  const isTold =
    error instanceof Refusal || error instanceof ConfigError || error instanceof PlenumError || isUsage(error)
  // What Node says of arguments has lines of its own.
  if (isTold)
    return isUsage(error) ? (error as Error).message.replaceAll('\n', ' ') : (error as Error).message
  if (isUnreachable(error))
    return `Postgres cannot be reached (${error.message || error.code}): check DATABASE_URL and that it runs`
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error ? String(error.code) : ''

const isUsage = (error: unknown): boolean => codeOf(error).startsWith('ERR_PARSE_ARGS')

/** Refused connections, names that are not known, and Postgres' own refusals of a login or a database. */
const isUnreachable = (error: unknown): error is NodeJS.ErrnoException =>
  /^(ECONN\w+|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|EHOSTUNREACH|28\w{3}|3D000|57P03)$/.test(codeOf(error))

/** Who reads no further, as `head` does, has what it wanted. */
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  process.exit(0)
})

process.exitCode = await main(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`plenum: ${explain(error)}\n`)
  return 1
})
