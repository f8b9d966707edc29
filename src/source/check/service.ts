/** Services that people declare: what they are, what they run on, what they need, and how to see whether they answer. */
import { setTimeout as delay } from 'node:timers/promises'
import { z } from 'zod'
import type { LinkClaim, Observation } from '../../resource/resource.ts'
import { Pace } from '../pace.ts'
import type { Driver, Reading, Source, SourceEnvironment } from '../source.ts'
import { check, type Target } from './client.ts'
import { metrics, toEndpoint, toReadings } from './outcome.ts'

const name = z.string().regex(/^[\w.-]+$/, 'a name of letters, digits, ., _ and - is needed')
const ref = z.string().regex(/^[A-Z]\w+:.+$/s, 'a Ref such as VirtualMachine:name=shop-1 is needed')
const target = z.strictObject({
  url: z.url({ protocol: /^(?:https?|tcp|tls)$/ }),
  /** The status that is right; default: below 400. */
  status: z.number().int().optional(),
})
const declared = z.strictObject({
  /** What it is called; default: its key. */
  name: z.string().min(1).optional(),
  role: z.string().min(1).optional(),
  version: z.string().min(1).optional(),
  environment: z.string().min(1).optional(),
  tenant: ref.optional(),
  labels: z.record(z.string(), z.string()).optional(),
  runsOn: z.array(ref).optional(),
  /** Names of this section, or Refs. */
  dependsOn: z.array(z.string().min(1)).optional(),
  endpoints: z.record(name, target).optional(),
})
type Declared = z.infer<typeof declared>

const settings = z
  .strictObject({
    every: z.number().positive().default(30),
    deadline: z.number().positive().max(60).default(5),
    services: z.record(name, declared),
  })
  .superRefine(({ services: all }, context) => {
    for (const [key, { dependsOn = [] }] of Object.entries(all))
      for (const [index, other] of dependsOn.entries())
        if (!(other in all) && !ref.safeParse(other).success)
          context.addIssue({
            code: 'custom',
            path: ['services', key, 'dependsOn', index],
            message: `there is no service "${other}" here, and it is no Ref such as Service:name=${other}`,
          })
  })
type Settings = z.infer<typeof settings>

export const services: Driver<Settings> = {
  name: 'service',
  authoritative: true,
  precedence: 40,
  role: 'intent',
  metrics,
  parseSettings: (value) => settings.parse(value),
  open: async (own, environment) => open(own, environment),
}

const serviceKey = (key: string): string => `service/${key}`

function open(own: Settings, environment: SourceEnvironment): Source {
  const targets = new Map(
    Object.entries(own.services).flatMap(([service, { endpoints = {} }]) =>
      Object.entries(endpoints).map(([key, one]): [string, Target] => [`endpoint/${service}/${key}`, one]),
    ),
  )
  const measure = async (keys: readonly string[], signal: AbortSignal): Promise<Reading[]> => {
    const all = keys.map(async (key) => {
      const one = targets.get(key)
      return one === undefined
        ? []
        : toReadings(key, await check(one, own.deadline * 1_000, environment, signal))
    })
    return (await Promise.all(all)).flat()
  }
  return {
    async *list() {
      for (const [key, one] of targets) yield toEndpoint(key, key.slice('endpoint/'.length), one)
      for (const [key, one] of Object.entries(own.services)) yield toService(key, one, own.services)
    },
    async *watch(signal) {
      const pace = new Pace(environment.collection, own.every * 1_000)
      while (!signal.aborted) {
        const readings = await measure(await pace.due([...targets.keys()]), signal)
        if (readings.length > 0) yield { readings }
        await delay(pace.tickMs, undefined, { signal }).catch(() => {})
      }
    },
    async read(keys, names, signal) {
      return (await measure(keys, signal)).filter(({ metric }) => names.includes(metric))
    },
    close: async () => {},
  }
}

function toService(key: string, one: Declared, all: Settings['services']): Observation {
  const { name: called = key, role, version, environment, tenant, labels = {} } = one
  const link = (type: LinkClaim['type'], to: LinkClaim['to']): LinkClaim => ({ type, to })
  return {
    key: serviceKey(key),
    kind: 'Service',
    name: called,
    labels,
    fields: Object.fromEntries(
      Object.entries({ role, version, environment }).filter(([, value]) => value !== undefined),
    ),
    links: [
      ...Object.keys(one.endpoints ?? {}).map((each) => link('EXPOSES', { key: `endpoint/${key}/${each}` })),
      ...(one.runsOn ?? []).map((each) => link('RUNS_ON', { ref: each })),
      ...(one.dependsOn ?? []).map((each) =>
        link('DEPENDS_ON', each in all ? { key: serviceKey(each) } : { ref: each }),
      ),
      ...(tenant === undefined ? [] : [link('OWNED_BY', { ref: tenant })]),
    ],
  }
}
