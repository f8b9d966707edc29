/** Small dumps: a site with a device type and a role, devices, ports, cables. */
import type { LinkClaim, Observation } from '../../../src/resource/resource.ts'
import { fixture, mapRows } from './dump.ts'

export type Short = [string, number, Record<string, unknown>]

export const base: Short[] = [
  ['dcim.site', 1, { name: 'S1', status: 'active' }],
  ['dcim.manufacturer', 1, { name: 'Acme' }],
  ['dcim.devicetype', 1, { manufacturer: 1, model: 'A1', u_height: '1.5' }],
  ['dcim.devicerole', 1, { name: 'Web Server', slug: 'web-server' }],
]
export const device = (pk: number, fields: Record<string, unknown> = {}): Short => [
  'dcim.device',
  pk,
  { name: `d${pk}`, device_type: 1, role: 1, site: 1, status: 'active', ...fields },
]
export const port = (
  model: string,
  pk: number,
  onDevice: number,
  fields: Record<string, unknown> = {},
): Short => [`dcim.${model}`, pk, { name: `${model}${pk}`, device: onDevice, enabled: true, ...fields }]
/** A cable with its ends, each `model pk`. */
export function cable(pk: number, a: string[], b: string[]): Short[] {
  const ends = [...a.map((end) => ['A', end] as const), ...b.map((end) => ['B', end] as const)]
  const terminations = ends.map(([side, end], index): Short => {
    const [model = '', target] = end.split(' ')
    const [app, name] = model.split('.')
    const fields = {
      cable: pk,
      cable_end: side,
      termination_type: [app, name],
      termination_id: Number(target),
    }
    return ['dcim.cabletermination', pk * 100 + index, fields]
  })
  return [['dcim.cable', pk, { status: 'connected', type: 'cat6' }], ...terminations]
}

export const map = (...rows: Short[]) => mapRows(fixture(...base, ...rows))
export const find = (observations: Observation[], key: string) => observations.find((one) => one.key === key)
export const keyOf = (claim: LinkClaim) => ('key' in claim.to ? claim.to.key : '')
export const connected = (observations: Observation[]) =>
  observations.flatMap(({ key, links = [] }) =>
    links.filter(({ type }) => type === 'CONNECTED_TO').map((claim) => `${key} - ${keyOf(claim)}`),
  )
