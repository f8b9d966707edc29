/** A source that answers after a millisecond, for as many as are asked at once. */
import { setTimeout as delay } from 'node:timers/promises'

const latencyMs = 1

export async function readLive(ids) {
  await delay(latencyMs)
  return ids.map((id) => (id % 100) / 100)
}
