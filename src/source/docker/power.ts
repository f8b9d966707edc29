/** Starts, stops and restarts containers. */
import { SourceError, type PowerSwitch } from '../source.ts'
import type { Engine } from './client.ts'
import { containerKey } from './map.ts'

const prefix = containerKey('')

export const createSwitch = (engine: Engine): PowerSwitch => ({
  knows: (key) => key.startsWith(prefix),
  async set(key, to, { force }, signal) {
    if (!key.startsWith(prefix)) throw new SourceError('bad', 'only containers can be switched')
    const id = key.slice(prefix.length)
    if (to === 'ON') await engine.start(id, signal)
    else await engine.end(id, { isBack: to === 'RESTART', graceSeconds: force ? 0 : 10 }, signal)
  },
})
