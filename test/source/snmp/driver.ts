/** A source of the SNMP driver as its runtime would have it, and what it tells. */
import { snmp } from '../../../src/source/snmp/index.ts'
import { Mib, parseRecording } from '../../../src/source/snmp/responder/index.ts'
import type {
  Collection,
  Notice,
  Part,
  Reading,
  Silent,
  Source,
  SourceEnvironment,
  Told,
} from '../../../src/source/source.ts'

export interface Listening {
  /** The first of what was or will be told that fits, from where the last look ended. */
  until<T extends Told>(fits: (told: Told) => told is T): Promise<T>
  readonly all: readonly Told[]
  /** Which shards this process has, from now on. */
  hold(shards: readonly number[]): void
  close(): Promise<void>
}

export const isPart = (told: Told): told is Part => 'part' in told
export const isSilent = (told: Told): told is Silent => 'silent' in told
export const isNotice = (told: Told): told is Notice => 'notice' in told
export const readsUp =
  (value: number) =>
  (told: Told): told is { readings: Reading[] } =>
    'readings' in told && told.readings.some((one) => one.metric === 'up' && one.value === value)

const allShards = Array.from({ length: 16 }, (_, shard) => shard)

export async function listen(
  settings: object,
  {
    secrets = {},
    addresses = [],
    collection,
  }: { secrets?: Record<string, string>; addresses?: string[]; collection?: Collection } = {},
): Promise<Listening> {
  let mine: readonly number[] = allShards
  const listeners = new Set<() => void>()
  const environment: SourceEnvironment = {
    name: 'lab',
    ...(collection === undefined ? {} : { collection }),
    log: { debug: () => {}, warn: () => {} },
    secret: async (reference) => secrets[reference] ?? 'public',
    shards: {
      count: 16,
      mine: () => mine,
      onChange: (listener) => {
        listeners.add(listener)
        return () => void listeners.delete(listener)
      },
    },
    addresses: async () =>
      addresses.map((address) => ({
        ...{ address, resourceId: 1, kind: 'Switch', name: address },
        isOwn: false,
      })),
  }
  const source: Source = await snmp.open(snmp.parseSettings(settings), environment)
  const stop = new AbortController()
  const all: Told[] = []
  const looks = new Set<() => void>()
  let taken = 0
  const ended = (async () => {
    for await (const told of source.watch!(stop.signal)) {
      all.push(told)
      for (const look of looks) look()
    }
  })()
  ended.catch(() => {})
  return {
    all,
    async until<T extends Told>(fits: (told: Told) => told is T) {
      const { promise, resolve } = Promise.withResolvers<T>()
      const look = () => {
        for (; taken < all.length; taken++) {
          const told = all[taken]!
          if (!fits(told)) continue
          taken++
          return resolve(told)
        }
      }
      looks.add(look)
      look()
      return Promise.race([promise, ended.then(() => Promise.reject(new Error('it ended')))]).finally(() =>
        looks.delete(look),
      )
    },
    hold(shards) {
      mine = shards
      for (const listener of listeners) listener()
    },
    async close() {
      stop.abort()
      await ended
      await source.close()
    },
  }
}

/** A switch of two ports, as little as a device can say. */
export function smallSwitch(name: string, chassis = '001b21000001', more: readonly string[] = []): Mib {
  const lines = [
    `1.3.6.1.2.1.1.1.0|4|test switch`,
    '1.3.6.1.2.1.1.2.0|6|1.3.6.1.4.1.99999.1',
    '1.3.6.1.2.1.1.3.0|67|1000',
    `1.3.6.1.2.1.1.5.0|4|${name}`,
    ...[1, 2].flatMap((port) => [
      `1.3.6.1.2.1.2.2.1.1.${port}|2|${port}`,
      `1.3.6.1.2.1.2.2.1.2.${port}|4|eth${port}`,
      `1.3.6.1.2.1.2.2.1.3.${port}|2|6`,
      `1.3.6.1.2.1.2.2.1.6.${port}|4x|001b2100010${port}`,
      `1.3.6.1.2.1.2.2.1.7.${port}|2|1`,
      `1.3.6.1.2.1.2.2.1.8.${port}|2|1`,
      `1.3.6.1.2.1.2.2.1.10.${port}|65|1000`,
      `1.3.6.1.2.1.31.1.1.1.1.${port}|4|eth${port}`,
    ]),
    '1.0.8802.1.1.2.1.3.1.0|2|4',
    `1.0.8802.1.1.2.1.3.2.0|4x|${chassis}`,
    ...more,
  ]
  return new Mib(parseRecording(Buffer.from(lines.join('\n'))).values)
}

export const operStatusOf = (port: number): string => `1.3.6.1.2.1.2.2.1.8.${port}`
