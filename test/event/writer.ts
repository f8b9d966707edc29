/** A process that writes notes to the event log in transactions that overlap: they begin in one order and commit in another. Run by gap-free.test. */
import { openDb } from '../../src/db.ts'
import { appendEvents } from '../../src/event/store.ts'

const [url, name, writers, each] = process.argv.slice(2) as [string, string, string, string]
const db = openDb({ url, poolSize: Number(writers) })

async function write(writer: number): Promise<void> {
  for (let turn = 0; turn < Number(each); turn++) {
    const mark = `${name}.${writer}.${turn}`
    await db
      .transaction(async (trx) => {
        await trx.raw('select txid_current()')
        for (let pause = (writer * 7 + turn) % 5; pause > 0; pause--) await trx.raw('select pg_sleep(0.001)')
        await appendEvents(trx, name, [{ type: 'SourceSynced', detail: { mark } }])
      })
      .catch(async (error: unknown) => {
        if (await isWritten(mark)) return
        process.stderr.write(`${String(error)}\n`)
        turn--
      })
  }
}

/** A commit whose answer was lost may have happened. */
async function isWritten(mark: string): Promise<boolean> {
  for (let attempt = 0; attempt < 200; attempt++) {
    try {
      const [row] = await db('event').whereRaw("body -> 'detail' ->> 'mark' = ?", [mark]).select('seq')
      return row !== undefined
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  }
  throw new Error('the database does not come back')
}

await Promise.all(Array.from({ length: Number(writers) }, (_, writer) => write(writer)))
await db.destroy()
