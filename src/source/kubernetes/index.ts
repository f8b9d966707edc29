/** A Kubernetes cluster: what its API lists, followed by watches; what containers use, where there is the metrics API. */
import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { openHttp } from '../http.ts'
import { Memory } from '../memory.ts'
import { secretReference, SourceError, type Driver, type Source, type SourceEnvironment } from '../source.ts'
import { Client } from './client.ts'
import { Held } from './held.ts'
import { readLogs } from './log.ts'
import { collectionNames } from './shape.ts'
import { follow, readUsage } from './watch.ts'

const reference = z
  .string()
  .regex(secretReference, 'a reference such as file:/var/run/secrets/token is needed')

const settings = z
  .strictObject({
    url: z.url({ protocol: /^https?$/ }),
    /** A token that may get, list and watch; read anew for each request. */
    token: reference.optional(),
    /** Files with certificates, PEM: whom to trust beside the system's, and our own. */
    ca: z.string().optional(),
    cert: z.string().optional(),
    key: reference.optional(),
    pageSize: z.number().int().min(1).max(10_000).default(500),
    requestSeconds: z.number().positive().default(30),
    /** Seconds between two measurements of what containers use. */
    every: z.number().positive().default(60),
  })
  .refine(({ cert, key }) => (cert === undefined) === (key === undefined), {
    message: 'a certificate and its key belong together',
    path: ['cert'],
  })
type Settings = z.infer<typeof settings>

export const kubernetes: Driver<Settings> = {
  name: 'kubernetes',
  authoritative: true,
  precedence: 60,
  role: 'observed',
  metrics: [
    { name: 'container.cpu.usage', unit: '{cpu}', type: 'gauge', help: 'Cores in use.' },
    {
      name: 'container.memory.usage',
      unit: 'By',
      type: 'gauge',
      help: 'Memory in use, without what the kernel can take back at once.',
    },
  ],
  parseSettings: (value) => settings.parse(value),
  open,
}

async function open(own: Settings, environment: SourceEnvironment): Promise<Source> {
  const file = (path: string | undefined) => (path === undefined ? undefined : readPem(path))
  const [ca, cert] = [await file(own.ca), await file(own.cert)]
  const key = own.key === undefined ? undefined : await environment.secret(own.key)
  const http = openHttp({
    url: own.url,
    environment,
    deadlineMs: own.requestSeconds * 1_000,
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined || key === undefined ? {} : { cert, key }),
  })
  const headers = async (): Promise<Record<string, string>> =>
    own.token === undefined ? {} : { authorization: `Bearer ${await environment.secret(own.token)}` }
  const client = new Client(http, headers, own.pageSize)
  const memory = new Memory()
  let held: Held | undefined
  const hold = async (signal: AbortSignal) =>
    new Held(environment.name, await kindsByAddress(environment, signal))
  return {
    probe: (signal) => client.probe(signal),
    async *list(signal) {
      const listed = await listAll(client, await hold(signal), signal)
      held ??= listed
      yield* listed.all()
    },
    async *watch(signal) {
      const followed = (held = await hold(signal))
      yield* follow(
        { client, held: followed, memory, everyMs: own.every * 1_000, collection: environment.collection },
        signal,
      )
    },
    async read(keys, metrics, signal) {
      held ??= await listAll(client, await hold(signal), signal)
      return readUsage(client, held, { keys: new Set(keys), metrics }, signal)
    },
    async *logs(query, signal) {
      held ??= await listAll(client, await hold(signal), signal)
      yield* readLogs(client, held, query, signal)
    },
    close: async () => http.close(),
  }
}

async function listAll(client: Client, held: Held, signal: AbortSignal): Promise<Held> {
  const stop = new AbortController()
  const both = AbortSignal.any([signal, stop.signal])
  try {
    await Promise.all(
      collectionNames.map(async (name) => {
        for (const object of (await client.list(name, both))?.objects ?? []) held.put(name, object)
      }),
    )
    return held
  } catch (error) {
    stop.abort()
    throw error
  }
}

/** Which kind of machine is known to have an address: a node that no cloud names may be either. */
async function kindsByAddress(
  environment: Pick<SourceEnvironment, 'addresses'>,
  signal: AbortSignal,
): Promise<Held['kindOf']> {
  const kinds = new Map<string, Set<string>>()
  for (const { address, kind } of await environment.addresses(signal))
    kinds.set(address, (kinds.get(address) ?? new Set<string>()).add(kind))
  return (address) => {
    const [kind, ...more] = kinds.get(address) ?? []
    return more.length === 0 && (kind === 'Server' || kind === 'VirtualMachine') ? kind : undefined
  }
}

async function readPem(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    throw new SourceError('denied', `the certificates in ${path} cannot be read`, { cause })
  }
}
