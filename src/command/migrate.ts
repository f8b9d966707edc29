import { withDb, type Command } from './command.ts'

export const migrate: Command = {
  usage: 'migrate\n  Brings the tables of the real database up to date. serve does so too.',
  async run() {
    await withDb('plenum', async () => {})
    process.stdout.write('The tables are up to date.\n')
    return 0
  },
}
