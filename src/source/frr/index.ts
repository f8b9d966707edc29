/** Routers that run FRR, by its shell: nothing is listed of them, which SNMP does; it makes and ends their neighbours. */
import { z } from 'zod'
import type { Driver, Source, SourceEnvironment } from '../source.ts'
import { createActor } from './actor.ts'
import { Vtysh } from './client.ts'

const settings = z.strictObject({
  /** By name, as switches are called in the graph. */
  routers: z
    .record(
      z.string().min(1),
      z.strictObject({
        /** The words that run vtysh there: `[vtysh]`, or `[ssh, leaf1, vtysh]`. */
        command: z.array(z.string().min(1)).min(1).default(['vtysh']),
        /** Whether these words hand what follows to a shell; default: when the first is ssh. */
        shell: z.boolean().optional(),
      }),
    )
    .refine((routers) => Object.keys(routers).length > 0, 'at least one router is needed'),
  requestSeconds: z.number().positive().default(20),
  /** Whether what was changed is written to the routers' startup configuration. */
  save: z.boolean().default(false),
})
type Settings = z.infer<typeof settings>

export const frr: Driver<Settings> = {
  name: 'frr',
  authoritative: false,
  precedence: 50,
  role: 'observed',
  metrics: [],
  parseSettings: (value) => settings.parse(value),
  open: async (own, environment) => open(own, environment),
}

function open({ routers, requestSeconds, save }: Settings, environment: SourceEnvironment): Source {
  const all = Object.entries(routers).map(
    ([name, { command, shell = /(?:^|\/)ssh$/.test(command[0]!) }]) => [name, { command, shell }] as const,
  )
  const vtysh = new Vtysh(new Map(all), requestSeconds * 1_000, environment)
  return {
    // Whether they answer is all that there is to say of them.
    async *list(signal) {
      for (const name of vtysh.names) await vtysh.run(name, ['show version'], signal)
    },
    async probe(signal) {
      const [first = ''] = vtysh.names
      const [version = ''] = (await vtysh.run(first, ['show version'], signal)).split('\n')
      return `${first} answers: ${version.slice(0, 80)}`
    },
    ...(environment.control === true ? { actor: createActor(vtysh, save) } : {}),
    close: async () => {},
  }
}
