/** Limits of containers: changed at once, while they run. */
import { SourceError, type MachineSize, type Resizer } from '../source.ts'
import type { Engine } from './client.ts'
import { containerKey } from './map.ts'

const prefix = containerKey('')
const nanos = 1e9
/** Below that the engine takes none. */
const leastBytes = 6 * 2 ** 20

const idOf = (key: string): string => {
  if (!key.startsWith(prefix)) throw new SourceError('bad', 'only containers can be resized')
  return key.slice(prefix.length)
}

/** What has no limit has all that its host has: an engine sets limits and takes none away. */
async function sizeOf(engine: Engine, key: string, signal: AbortSignal): Promise<MachineSize> {
  const [{ NanoCpus, Memory }, host] = await Promise.all([
    engine.limits(idOf(key), signal),
    engine.info(signal),
  ])
  return {
    cpuCores: NanoCpus ? NanoCpus / nanos : (host.NCPU ?? undefined),
    memoryBytes: Memory || (host.MemTotal ?? undefined),
  }
}

async function set(
  engine: Engine,
  key: string,
  { cpuCores, memoryBytes }: MachineSize,
  signal: AbortSignal,
): Promise<'done'> {
  const { MemorySwap = 0 } = await engine.limits(idOf(key), signal)
  const body = {
    ...(cpuCores === undefined ? {} : { NanoCpus: Math.round(cpuCores * nanos) }),
    // With the swap that the engine itself gives where none is said; what may swap without end goes on to.
    ...(memoryBytes === undefined
      ? {}
      : { Memory: memoryBytes, MemorySwap: MemorySwap < 0 ? MemorySwap : 2 * memoryBytes }),
  }
  await engine.limit(idOf(key), body, signal)
  return 'done'
}

export function createResizer(engine: Engine): Resizer {
  return {
    knows: (key) => key.startsWith(prefix),
    async weigh(key, { flavor, cpuCores, memoryBytes }, signal) {
      if (flavor !== undefined) throw new SourceError('bad', 'a container has limits and no flavor')
      const [had, { NCPU }] = await Promise.all([sizeOf(engine, key, signal), engine.info(signal)])
      if (NCPU != null && cpuCores !== undefined && cpuCores > NCPU)
        throw new SourceError('bad', `its host has ${NCPU} cores`)
      if (memoryBytes !== undefined && memoryBytes < leastBytes)
        throw new SourceError('bad', `an engine gives ${leastBytes} bytes at least`)
      return {
        from: {
          ...(cpuCores === undefined ? {} : { cpuCores: had.cpuCores }),
          ...(memoryBytes === undefined ? {} : { memoryBytes: had.memoryBytes }),
        },
        to: {
          ...(cpuCores === undefined ? {} : { cpuCores }),
          ...(memoryBytes === undefined ? {} : { memoryBytes }),
        },
      }
    },
    resize: (key, { to }, _, signal) => set(engine, key, to, signal),
    confirm: async () => 'done',
    async revert(key, { from, to }, _, signal) {
      const now = await sizeOf(engine, key, signal).catch((error: unknown) => {
        if ((error as SourceError).failure !== 'missing') throw error
      })
      const isOurs = (name: 'cpuCores' | 'memoryBytes') => to[name] === undefined || now?.[name] === to[name]
      if (now === undefined || !isOurs('cpuCores') || !isOurs('memoryBytes')) return 'done'
      return set(engine, key, from, signal)
    },
  }
}
