import { access, constants } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { restore as restoreInto } from '../backup/index.ts'
import { openDb } from '../db.ts'
import { openSite, print, Refusal, untilInterrupted, type Command } from './command.ts'

export const restore: Command = {
  usage: `restore FILE
  Fills an empty database with what a backup holds, all of it or nothing. Subscribers that go on from an old cursor are told of the gap.`,
  async run(args) {
    const { positionals } = parseArgs({ args, allowPositionals: true })
    const [file, ...more] = positionals
    if (file === undefined || more.length > 0) throw new Refusal('Name one file: plenum restore FILE')
    await access(file, constants.R_OK).catch(() => {
      throw new Refusal(`${file} cannot be read`)
    })
    const site = await openSite()
    const db = openDb({ url: site.url('plenum') })
    try {
      const { tables, rows, head } = await restoreInto(db, file, untilInterrupted())
      await print(`${rows} rows of ${tables} tables are back as they were at ${head.madeAt}\n`)
    } finally {
      await db.destroy()
      await site.close()
    }
    return 0
  },
}
