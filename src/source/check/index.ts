/** Whether services answer: HTTP, TCP and TLS, from where Plenum runs. What is checked stands in the configuration; how it does is readings. */
import { setTimeout as delay } from 'node:timers/promises'
import { z } from 'zod'
import type { Observation } from '../../resource/resource.ts'
import { Pace } from '../pace.ts'
import type { Driver, Reading, Source, SourceEnvironment } from '../source.ts'
import { check, type Target } from './client.ts'
import { metrics, toEndpoint, toReadings } from './outcome.ts'

export { check } from './client.ts'
export { services } from './service.ts'

const settings = z.strictObject({
  /** Seconds between two checks of a target, and until one has failed. */
  every: z.number().positive().default(30),
  deadline: z.number().positive().max(60).default(5),
  targets: z.record(
    z.string().regex(/^[\w.-]+$/, 'a name of letters, digits, ., _ and - is needed'),
    z.strictObject({
      url: z.url({ protocol: /^(?:https?|tcp|tls)$/ }),
      /** The service that answers there; made when nothing else knows it. */
      service: z.string().min(1).optional(),
      /** The status that is right; default: below 400. */
      status: z.number().int().optional(),
    }),
  ),
})
type Settings = z.infer<typeof settings>

export const checks: Driver<Settings> = {
  name: 'check',
  authoritative: true,
  precedence: 40,
  role: 'observed',
  metrics,
  parseSettings: (value) => settings.parse(value),
  open: async (own, environment) => open(own, environment),
}

function open({ targets, every, deadline }: Settings, environment: SourceEnvironment): Source {
  const measure = async (keys: readonly string[], signal: AbortSignal): Promise<Reading[]> => {
    const all = keys.map(async (key) => {
      const target = targets[key]
      return target === undefined
        ? []
        : toReadings(key, await check(target, deadline * 1_000, environment, signal))
    })
    return (await Promise.all(all)).flat()
  }
  return {
    async *list() {
      for (const [name, target] of Object.entries(targets)) yield* toThings(name, target)
    },
    async *watch(signal) {
      const pace = new Pace(environment.collection, every * 1_000)
      while (!signal.aborted) {
        const readings = await measure(await pace.due(Object.keys(targets)), signal)
        if (readings.length > 0) yield { readings }
        await delay(pace.tickMs, undefined, { signal }).catch(() => {})
      }
    },
    async read(keys, metrics, signal) {
      const readings = await measure(keys, signal)
      return readings.filter(({ metric }) => metrics.includes(metric))
    },
    close: async () => {},
  }
}

function toThings(name: string, target: Target): Observation[] {
  const endpoint = toEndpoint(name, name, target)
  if (target.service === undefined) return [endpoint]
  const links: Observation['links'] = [{ type: 'EXPOSES', to: { key: name } }]
  return [endpoint, { key: `service/${name}`, kind: 'Service', name: target.service, links }]
}
