/** The commands by their words. */
import type { Command } from './command.ts'
import { demo, serve } from './serve.ts'

export { CommandError, UsageError, type Command, type CommandProcess } from './command.ts'

export const commands: Readonly<Record<string, Command>> = { serve, demo }

export function toHelp(): string {
  const rows = Object.entries(commands).map(([name, { summary }]) => `  ${name.padEnd(10)}${summary}`)
  return `plenum COMMAND [options]

${rows.join('\n')}

plenum COMMAND --help tells more of one. Settings: config.example.yaml and docs/operation.md.
`
}
