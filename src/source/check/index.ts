/** Whether services answer: HTTP, TCP and TLS, from where Plenum runs. What is checked stands in the configuration; how it does is readings. */
import { setTimeout as delay } from 'node:timers/promises'
import { z } from 'zod'
import type { Observation } from '../../resource/resource.ts'
import type { Driver, Reading, Source, SourceEnvironment } from '../source.ts'
import { check, type Outcome, type Target } from './client.ts'

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
  metrics: [
    { name: 'check.up', unit: '1', type: 'state', help: 'Whether it answers as it should: 1 or 0.' },
    { name: 'check.duration', unit: 's', type: 'gauge', help: 'How long it took to answer.' },
    {
      name: 'check.certificate.expiry',
      unit: 's',
      type: 'gauge',
      help: 'How long its certificate is still valid.',
    },
  ],
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
      while (!signal.aborted) {
        yield { readings: await measure(Object.keys(targets), signal) }
        await delay(every * 1_000, undefined, { signal }).catch(() => {})
      }
    },
    async read(keys, metrics, signal) {
      const readings = await measure(keys, signal)
      return readings.filter(({ metric }) => metrics.includes(metric))
    },
    close: async () => {},
  }
}

function toThings(name: string, { url, service }: Target): Observation[] {
  const { protocol, hostname, port } = new URL(url)
  const defaultPort = { 'http:': 80, 'https:': 443 }[protocol]
  const fields = {
    url,
    protocol: protocol.slice(0, -1),
    port: port === '' ? (defaultPort ?? null) : Number(port),
  }
  const address = /^[\d.]+$|^\[/.test(hostname) ? { address: hostname.replace(/^\[|\]$/g, '') } : {}
  const endpoint: Observation = { key: name, kind: 'Endpoint', name, fields: { ...fields, ...address } }
  if (service === undefined) return [endpoint]
  const links: Observation['links'] = [{ type: 'EXPOSES', to: { key: name } }]
  return [endpoint, { key: `service/${name}`, kind: 'Service', name: service, links }]
}

function toReadings(key: string, { isUp, seconds, certificateSeconds }: Outcome): Reading[] {
  const at = Date.now()
  const reading = (metric: string, value: number) => ({ key, metric, value, at })
  return [
    reading('check.up', isUp ? 1 : 0),
    ...(isUp ? [reading('check.duration', seconds)] : []),
    ...(certificateSeconds === undefined ? [] : [reading('check.certificate.expiry', certificateSeconds)]),
  ]
}
