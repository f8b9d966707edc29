/** Plenum as `bin/plenum serve` runs it: authorization, limits and audit on. The attributes come from the bench's source of one millisecond. */
import { startApp } from '../../src/app.ts'
import { loadConfig } from '../../src/config.ts'
import { createLog } from '../../src/log.ts'
// @ts-expect-error -- the contenders' programs are plain JavaScript
import { readLive } from './contender/live.mjs'

const config = loadConfig({ ...process.env, PORT: '0' })
const live = readLive as (ids: readonly number[]) => Promise<number[]>
const app = await startApp(config, config.database.url!, createLog(config.log.level), (resources) => ({
  ...resources,
  async attributesOf(ids) {
    const loads = await live(ids)
    return new Map(ids.map((id, index) => [id, { bench: { load: loads[index]! } }]))
  },
}))
process.send!({ port: Number(new URL(app.url).port) })
process.on('disconnect', () => void app.close().then(() => process.exit()))
process.on('message', () => {
  globalThis.gc!()
  const { heapUsed, rss } = process.memoryUsage()
  process.send!({ heapBytes: heapUsed, rssBytes: rss })
})
