/** The program: which command, with which arguments. */
import { backup } from './command/backup.ts'
import { Refusal, type Command } from './command/command.ts'
import { exportFile } from './command/export.ts'
import { importFile } from './command/import.ts'
import { migrate } from './command/migrate.ts'
import { query } from './command/query.ts'
import { restore } from './command/restore.ts'
import { demo, serve, start } from './command/serve.ts'
import { token } from './command/token.ts'
import { ConfigError } from './config.ts'
import { PlenumError } from './errors.ts'

const commands: Record<string, Command> = { start, serve, demo, migrate, import: importFile, export: exportFile, token, query, backup, restore }

const help = `plenum: one GraphQL graph over every datacenter resource

${Object.values(commands)
  .map(({ usage }) => `  plenum ${usage.replaceAll('\n', '\n  ')}`)
  .join('\n')}

Environment: PORT (4000), PLENUM_DATA_DIR (.plenum), PLENUM_CONFIG, PLENUM_ADMIN_TOKEN, DATABASE_URL, PLENUM_READ_ONLY. See docs/operation.md.
`

async function main([name = 'serve', ...args]: string[]): Promise<number> {
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined
  if (name === '--help' || name === 'help' || name === '-h') return print(help)
  if (command === undefined) throw new Refusal(`There is no command ${name}: one of ${Object.keys(commands).join(', ')}`)
  if (args.includes('--help') || args.includes('-h')) return print(`plenum ${command.usage}\n`)
  return command.run(args)
}

function print(text: string): number {
  process.stdout.write(text)
  return 0
}

/** What people can act on is one line; anything else is told whole. */
function explain(error: unknown): string {
  const isTold = error instanceof Refusal || error instanceof ConfigError || error instanceof PlenumError
  const isUsage = error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS')
  if (isTold || isUsage) return (error as Error).message
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}

process.exitCode = await main(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`plenum: ${explain(error)}\n`)
  return 1
})
