/** Makes and ends containers of an engine. What it makes bears its name as a label too: whatever else has that name is somebody's, and is left alone. */
import { z } from 'zod'
import type { Actor } from '../source.ts'
import { SourceError } from '../source.ts'
import type { Engine } from './client.ts'
import { containerKey } from './map.ts'

const spec = z.strictObject({
  kind: z.literal('container'),
  image: z.string().min(1),
  command: z.array(z.string()).default([]),
  environment: z.record(z.string(), z.string()).default({}),
  labels: z.record(z.string(), z.string()).default({}),
  network: z.string().min(1).optional(),
})

/** The label by which what we made is known. */
export const madeLabel = 'plenum.made'

export function createActor(engine: Engine): Actor {
  return {
    async create(given, name, signal) {
      const { image, command, environment, labels, network } = parseSpec(given)
      const body = {
        Image: image,
        ...(command.length === 0 ? {} : { Cmd: command }),
        Env: Object.entries(environment).map(([key, value]) => `${key}=${value}`),
        Labels: { ...labels, [madeLabel]: name },
        HostConfig: {
          RestartPolicy: { Name: 'unless-stopped' },
          ...(network === undefined ? {} : { NetworkMode: network }),
        },
      }
      const id = (await engine.create(name, body, signal)) ?? (await ownId(engine, name, signal))
      await engine.start(id, signal)
      return { key: containerKey(id) }
    },
    async destroy(name, signal) {
      for (const id of await madeAs(engine, name, signal)) await engine.remove(id, signal)
    },
    async made(signal) {
      return (await engine.labelled(madeLabel, signal)).flatMap(({ Id, Labels }) => {
        const name = Labels?.[madeLabel]
        return name ? [{ kind: 'container', name, key: containerKey(Id) }] : []
      })
    },
  }
}

const madeAs = async (engine: Engine, name: string, signal: AbortSignal): Promise<string[]> =>
  (await engine.labelled(`${madeLabel}=${name}`, signal)).map(({ Id }) => Id)

/** Of one that is there by this name already: it may only be what we made before. */
async function ownId(engine: Engine, name: string, signal: AbortSignal): Promise<string> {
  const [id] = await madeAs(engine, name, signal)
  if (id === undefined)
    throw new SourceError('bad', `there is a container ${name} already, and somebody else made it`)
  return id
}

function parseSpec(given: unknown): z.infer<typeof spec> {
  const { success, data, error } = spec.safeParse(given)
  if (success) return data
  const { path, message } = error.issues[0]!
  throw new SourceError('bad', `what is asked for is no container: ${path.join('.')}: ${message}`)
}
