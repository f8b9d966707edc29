import { access } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { backUp } from '../backup/index.ts'
import { print, Refusal, untilInterrupted, withDb, type Command } from './command.ts'

export const backup: Command = {
  usage: `backup FILE
  Writes the whole real database into one compressed file, as it is at one instant; others may go on working meanwhile.`,
  async run(args) {
    const { positionals } = parseArgs({ args, allowPositionals: true })
    const [file, ...more] = positionals
    if (file === undefined || more.length > 0) throw new Refusal('Name one file: plenum backup FILE')
    if (await exists(file)) throw new Refusal(`${file} is there already: name another file`)
    const { sizeBytes } = await withDb('plenum', (db) => backUp(db, file, untilInterrupted()))
    await print(`${file}: ${(sizeBytes / 1_048_576).toFixed(1)} MiB\n`)
    return 0
  },
}

const exists = (file: string): Promise<boolean> =>
  access(file).then(
    () => true,
    () => false,
  )
