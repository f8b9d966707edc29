/** An OpenStack cloud: what its services list, and what they say to happen when they are told to say it. */
import { z } from 'zod'
import { secretReference, type Driver, type Source, type SourceEnvironment } from '../source.ts'
import { createActor } from './actor/index.ts'
import { authSettings, readAccount } from './cloud.ts'
import { createMover } from './control/move.ts'
import { createResizer } from './control/resize.ts'
import { createSwitch } from './control/power.ts'
import { Cloud } from './inventory.ts'
import { metrics } from './map/usage.ts'
import { Session } from './session.ts'
import { probe } from './probe.ts'
import { measureBeside, Usage } from './usage.ts'
import { follow } from './watch.ts'

const settings = z
  .strictObject({
    /** The name of a cloud in clouds.yaml, and where that is when not where the clients look for it. */
    cloud: z.string().optional(),
    cloudsFile: z.string().optional(),
    /** As in clouds.yaml, with the secrets by reference. */
    auth: authSettings.optional(),
    regions: z.array(z.string()).min(1).optional(),
    interface: z.enum(['public', 'internal', 'admin']).optional(),
    /** A file with certificates to trust beside the system's, PEM. */
    ca: z.string().optional(),
    /** Whether servers, volumes and groups of all projects are asked for, which needs an administrator or reader of the system. */
    allProjects: z.boolean().default(true),
    pageSize: z.number().int().min(1).max(10_000).default(1_000),
    requestSeconds: z.number().positive().default(60),
    /** Seconds between two measurements of what hypervisors and projects use. */
    every: z.number().positive().default(60),
    /** The message bus on which services tell what happens. */
    notifications: z
      .strictObject({
        url: z.url({ protocol: /^amqps?$/ }),
        user: z.string(),
        password: z.string().regex(secretReference, 'a reference such as env:RABBIT_PASSWORD is needed'),
      })
      .optional(),
  })
  .refine(({ cloud, auth }) => (cloud === undefined) !== (auth === undefined), {
    message: 'either a cloud of clouds.yaml or auth is needed',
    path: ['auth'],
  })
export type Settings = z.infer<typeof settings>

export const openstack: Driver<Settings> = {
  name: 'openstack',
  authoritative: true,
  precedence: 70,
  role: 'observed',
  metrics,
  parseSettings: (value) => settings.parse(value),
  open,
}

async function open(own: Settings, environment: SourceEnvironment): Promise<Source> {
  const account = await readAccount(own, environment)
  const session = new Session(account, environment, own.requestSeconds * 1_000)
  const cloud = new Cloud(session, {
    pageSize: own.pageSize,
    allTenants: own.allProjects,
    log: environment.log,
  })
  const usage = new Usage(session, cloud)
  const { notifications } = own
  const following =
    notifications && ((signal: AbortSignal) => follow({ cloud, environment, account, notifications }, signal))
  return {
    probe: (signal) => probe(session, own.allProjects, signal),
    async *list(signal) {
      yield* await cloud.read(signal)
    },
    read: (keys, names, signal) => usage.read(keys, names, signal),
    watch: (signal) =>
      measureBeside(
        { usage, everyMs: own.every * 1_000, collection: environment.collection },
        following,
        signal,
      ),
    ...(environment.control === true
      ? {
          actor: createActor(session),
          power: createSwitch(session),
          mover: createMover(session),
          resizer: createResizer(session),
        }
      : {}),
    close: async () => session.close(),
  }
}
