/** A process that holds the turn `a` and writes all the time with the epoch it was given first, fenced by it. */
import { setTimeout as delay } from 'node:timers/promises'
import pino from 'pino'
import { openDb } from '../src/db.ts'
import { startTurns, type Turn } from '../src/turn.ts'

const db = openDb({ url: process.argv[2]! })
const turns = startTurns({ db, log: pino({ level: 'silent' }), lengthMs: 600, graceMs: 100 })
const say = (line: string) => process.stdout.write(`${line}\n`)
let turn: Turn | undefined

turns.share('work', ['a'], (held) => {
  if (turn !== undefined && held.length === 0) say(`lost ${turn.turn}`)
  if (turn === undefined && held[0] !== undefined) {
    turn = held[0]
    say(`held ${turn.turn} ${turn.epoch}`)
  }
})

for (;;) {
  await delay(20)
  if (turn === undefined) continue
  const { rows } = await db.raw<{ rows: unknown[] }>(
    'insert into written select epoch from turn where name = ? and epoch = ? for share returning epoch',
    [turn.turn, turn.epoch],
  )
  say(rows.length > 0 ? `wrote ${turn.epoch}` : `refused ${turn.epoch}`)
}
