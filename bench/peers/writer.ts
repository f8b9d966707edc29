/** A process that changes machines as a source's sync does, some of them a commit, so many commits a second; told to stop by its end of the channel. */
import { openDb } from '../../src/db.ts'
import { startResources } from '../../src/resource/index.ts'
import type { InventoryItem } from '../../src/resource/verbs.ts'
import { readPlaces, toItem } from './mutable.ts'

const [url, perCommit, perSecond, machines] = process.argv.slice(2) as [string, string, string, string]
const db = openDb({ url })
const resources = startResources({ db })
const count = Number(machines)
let [version, place, changed, commits] = [0, 0, 0, 0]
let stopped = false
process.on('disconnect', () => {
  stopped = true
})

const places = await readPlaces(db, count)

/** All that is said of a machine names the version: an answer in which they differ mixes two. */
function toItems(): InventoryItem[] {
  return Array.from({ length: Number(perCommit) }, () => {
    const n = place++ % count
    return toItem(places[n]!, n, `v${version}`)
  })
}

async function* batch() {
  yield toItems()
}

async function commit(): Promise<void> {
  version++
  const signal = AbortSignal.timeout(60_000)
  const { updated } = await resources.importInventory(
    { source: 'bench', mode: 'merge', dryRun: false, items: batch(), signal },
    { name: 'bench' },
  )
  changed += updated
  commits++
}

process.send!('ready')
const began = performance.now()
for (let turn = 0; !stopped; turn++) {
  const due = began + (turn / Number(perSecond)) * 1_000
  const wait = due - performance.now()
  if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait))
  await commit()
  if (process.connected) process.send!({ changed, commits, seconds: (performance.now() - began) / 1_000 })
}
await db.destroy()
