/** Management controllers by Redfish: what a machine is made of, whether it is on, how warm it is. Each controller is a part by itself. */
import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { openHttp } from '../http.ts'
import { createSwitch } from './power.ts'
import { goRound, type RoundOptions } from '../round.ts'
import {
  secretReference,
  SourceError,
  type Driver,
  type Reading,
  type Source,
  type SourceEnvironment,
} from '../source.ts'
import { Client } from './client.ts'
import { follow } from './event.ts'
import { metrics, toReadings } from './measure.ts'
import { controllerKey, toObservations } from './map.ts'

const target = z
  .string()
  .regex(/^(?:https?:\/\/)?[^/\s]+\/?$/, 'an address such as 10.1.9.7 or https://bmc-7.example.net is needed')

const settings = z.strictObject({
  targets: z.array(target).min(1),
  user: z.string().min(1),
  password: z.string().regex(secretReference, 'a reference such as env:BMC_PASSWORD is needed'),
  /** Seconds between two readings of one controller. */
  interval: z.number().positive().default(300),
  requestSeconds: z.number().positive().default(20),
  /** A file with certificates to trust beside the system's, PEM. */
  ca: z.string().optional(),
  /** `false`: whatever certificate a controller shows is taken. */
  verify: z.boolean().default(true),
})
type Settings = z.infer<typeof settings>

export const redfish: Driver<Settings> = {
  name: 'redfish',
  authoritative: false,
  precedence: 55,
  role: 'observed',
  shards: 8,
  metrics,
  parseSettings: (value) => settings.parse(value),
  open,
}

async function open(own: Settings, environment: SourceEnvironment): Promise<Source> {
  const ca = own.ca === undefined ? undefined : await readPem(own.ca)
  const clients = new Map(
    own.targets.map((one): [string, Client] => {
      const url = /^https?:/.test(one) ? one : `https://${one}`
      const deadlineMs = own.requestSeconds * 1_000
      const http = openHttp({
        url,
        environment,
        deadlineMs,
        verify: own.verify,
        ...(ca === undefined ? {} : { ca }),
      })
      const login = async () => `${own.user}:${await environment.secret(own.password)}`
      return [new URL(url).host, new Client(http, login)]
    }),
  )
  const ask = async (part: string, signal: AbortSignal) => {
    const machine = await clients.get(part)!.all(signal)
    return { things: toObservations(part, machine), readings: toReadings(part, machine, Date.now()) }
  }
  const hear: RoundOptions['follow'] = (part, tell, signal) => follow(clients.get(part)!, tell, signal)
  return {
    watch: (signal) =>
      goRound(
        {
          parts: [...clients.keys()],
          ...{ everyMs: own.interval * 1_000, environment, keyOf: controllerKey, ask, follow: hear },
        },
        signal,
      ),
    read: (keys, names, signal) => read(clients, keys, names, signal),
    async probe(signal) {
      const [[part, client]] = clients as unknown as [[string, Client]]
      return `${part} answers, Redfish ${await client.version(signal)}`
    },
    ...(environment.control === true ? { power: createSwitch(clients) } : {}),
    async close() {
      for (const client of clients.values()) client.close()
    },
  }
}

/** Each controller is asked once, for however many of its parts; one that does not answer leaves the others' values whole. */
async function read(
  clients: ReadonlyMap<string, Client>,
  keys: readonly string[],
  names: readonly string[],
  signal: AbortSignal,
): Promise<Reading[]> {
  const [wanted, named] = [new Set(keys), new Set(names)]
  const parts = [...new Set(keys.map((key) => key.split('/', 1)[0]!))].filter((part) => clients.has(part))
  const ends = await Promise.allSettled(
    parts.map(async (part) => toReadings(part, await clients.get(part)!.all(signal, 'measured'), Date.now())),
  )
  const failed = ends.find((end) => end.status === 'rejected')
  if (failed !== undefined && ends.every((end) => end.status === 'rejected')) throw failed.reason
  return ends
    .flatMap((end) => (end.status === 'fulfilled' ? end.value : []))
    .filter(({ key, metric }) => wanted.has(key) && named.has(metric))
}

async function readPem(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    throw new SourceError('denied', `the certificates in ${path} cannot be read`, { cause })
  }
}
