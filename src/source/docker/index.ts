/** A container engine: Docker 20.10 or later, or podman's socket. What it holds is listed, what it says to happen is followed, what its containers use is measured. */
import { z } from 'zod'
import { Memory } from '../memory.ts'
import { secretReference, type Driver, type Source, type SourceEnvironment } from '../source.ts'
import { createActor } from './actor.ts'
import { createResizer } from './resize.ts'
import { createSwitch } from './power.ts'
import { openEngine } from './client.ts'
import { findHost } from './host.ts'
import { readLogs } from './log.ts'
import { toObservations, type Place } from './map.ts'
import { metrics, readStats } from './stat.ts'
import { follow } from './watch.ts'

const settings = z
  .strictObject({
    /** `unix:///var/run/docker.sock`, `tcp://host:2376`, or `https://host:2376`. */
    url: z
      .string()
      .regex(/^(?:unix:\/\/\/.+|(?:tcp|https?):\/\/[^/]+)$/, 'unix:///PATH or tcp://HOST:PORT is needed'),
    /** Files with certificates, PEM: whom to trust beside the system's, and our own. With any of them TLS is spoken. */
    ca: z.string().optional(),
    cert: z.string().optional(),
    key: z
      .string()
      .regex(secretReference, 'a reference such as file:/etc/plenum/key.pem is needed')
      .optional(),
    /** The machine that it runs on, as a Ref: `Server:name=srv-7`. By default it is found by what identifies it. */
    host: z.string().min(1).optional(),
    requestSeconds: z.number().positive().default(30),
    /** Seconds between two measurements of what containers use. */
    every: z.number().positive().default(60),
  })
  .refine(({ cert, key }) => (cert === undefined) === (key === undefined), {
    message: 'a certificate and its key belong together',
    path: ['cert'],
  })
export type Settings = z.infer<typeof settings>

export const docker: Driver<Settings> = {
  name: 'docker',
  authoritative: true,
  precedence: 60,
  role: 'observed',
  metrics,
  parseSettings: (value) => settings.parse(value),
  open,
}

async function open(own: Settings, environment: SourceEnvironment): Promise<Source> {
  const engine = await openEngine(own, environment)
  const place = async (signal: AbortSignal): Promise<Place> => {
    const info = await engine.info(signal)
    return { source: environment.name, engine: info, host: await findHost(own, info, environment, signal) }
  }
  const memory = new Memory()
  return {
    async probe(signal) {
      const { Name: name, ServerVersion: version } = await engine.info(signal)
      return `the engine ${name} answers, version ${version ?? 'unknown'}`
    },
    async *list(signal) {
      const [at, all] = await Promise.all([place(signal), engine.all(signal)])
      yield* toObservations(all, at)
    },
    watch: (signal) =>
      follow(
        { engine, place, memory, everyMs: own.every * 1_000, collection: environment.collection },
        signal,
      ),
    read: (keys, names, signal) => readStats(engine, keys, names, signal),
    logs: (query, signal) => readLogs(engine, query, signal),
    ...(environment.control === true
      ? { actor: createActor(engine), power: createSwitch(engine), resizer: createResizer(engine) }
      : {}),
    close: async () => engine.close(),
  }
}
