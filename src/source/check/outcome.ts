/** What a check measures, and where it looks. Pure. */
import type { Observation } from '../../resource/resource.ts'
import type { MetricDefinition, Reading } from '../source.ts'
import type { Outcome, Target } from './client.ts'

export const metrics: readonly MetricDefinition[] = [
  { name: 'check.up', unit: '1', type: 'state', help: 'Whether it answers as it should: 1 or 0.' },
  { name: 'check.duration', unit: 's', type: 'gauge', help: 'How long it took to answer.' },
  {
    name: 'check.certificate.expiry',
    unit: 's',
    type: 'gauge',
    help: 'How long its certificate is still valid.',
  },
]

export function toEndpoint(key: string, name: string, { url }: Target): Observation {
  const { protocol, hostname, port } = new URL(url)
  const defaultPort = { 'http:': 80, 'https:': 443 }[protocol]
  const fields = {
    url,
    protocol: protocol.slice(0, -1),
    port: port === '' ? (defaultPort ?? null) : Number(port),
  }
  const address = /^[\d.]+$|^\[/.test(hostname) ? { address: hostname.replace(/^\[|\]$/g, '') } : {}
  return { key, kind: 'Endpoint', name, fields: { ...fields, ...address } }
}

export function toReadings(key: string, { isUp, seconds, certificateSeconds }: Outcome): Reading[] {
  const at = Date.now()
  const reading = (metric: string, value: number) => ({ key, metric, value, at })
  return [
    reading('check.up', isUp ? 1 : 0),
    ...(isUp ? [reading('check.duration', seconds)] : []),
    ...(certificateSeconds === undefined ? [] : [reading('check.certificate.expiry', certificateSeconds)]),
  ]
}
