/** A process that runs the source `cloud` and tells of one machine all the time, each time by another name. */
import { setTimeout as delay } from 'node:timers/promises'
import pino from 'pino'
import { openDb } from '../../src/db.ts'
import { startEvents } from '../../src/event/index.ts'
import { startGraph } from '../../src/graph/index.ts'
import { startResources } from '../../src/resource/index.ts'
import { parseSources, startSources } from '../../src/source/index.ts'
import type { Driver, Told } from '../../src/source/source.ts'
import { startTurns } from '../../src/turn.ts'

const url = process.argv[2]!
const say = (line: string) => process.stdout.write(`${line}\n`)
const log = pino({ level: 'silent' })
const db = openDb({ url })
const events = startEvents({ db, url, log })
const resources = startResources({ db, wake: () => events.feed.wake() })
const holder = await startGraph({ resources, events, limits: { visited: 1e6, asOfResources: 1e6 }, log })

const driver: Driver = {
  name: 'scripted',
  authoritative: false,
  precedence: 50,
  role: 'observed',
  metrics: [],
  parseSettings: (value) => value,
  open: async () => ({
    async *watch(signal): AsyncGenerator<Told> {
      for (let times = 0; !signal.aborted; times++) {
        yield { part: 'vm', things: [{ key: 'vm', kind: 'VirtualMachine', name: `sleeper ${times}` }] }
        await delay(10)
      }
    },
    close: async () => {},
  }),
}

const turns = startTurns({ db, log, lengthMs: 2_000, graceMs: 500 })
const share = turns.share.bind(turns)
let had = false
turns.share = (group, names, onChange, release) =>
  share(
    group,
    names,
    (held) => {
      onChange(held)
      if (had && held.length === 0) say('lost')
      had = held.length > 0
    },
    release,
  )

await startSources({
  db,
  config: parseSources({ cloud: { driver: 'scripted' } }, [driver]).sources,
  known: [driver],
  resources: {
    ...resources,
    async push(...args) {
      const result = await resources.push(...args)
      say('wrote')
      return result
    },
  },
  turns,
  graph: () => holder.graph,
  metrics: { record: () => {}, define: async () => {} },
  log,
  readOnly: false,
  wake: () => {},
})
