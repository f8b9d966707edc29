/**
 * A node of bare metal: claimed by an allocation that bears our name, then given an image. What takes its time is looked at and told to be under way, so that whoever
 * waits holds nothing. Undeploying ends the allocation too; a deployment that is served after that has neither instance nor image, and our mark in `extra`.
 */
import { z } from 'zod'
import { SourceError, type MadeThing } from '../../source.ts'
import type { Service } from '../service.ts'
import { madeKey } from './made.ts'
import type { SpecOf } from './spec.ts'

const text = z.string().nullish()
const allocation = z.looseObject({ state: text, node_uuid: text, last_error: text })
const node = z.looseObject({
  uuid: z.string().min(1),
  provision_state: text,
  instance_uuid: text,
  last_error: text,
  instance_info: z.record(z.string(), z.unknown()).nullish(),
  extra: z.record(z.string(), z.unknown()).nullish(),
})
const nodes = { path: 'nodes/detail', list: 'nodes', shape: node, markerOf: (one: Node) => one.uuid }
type Node = z.infer<typeof node>

/** Of one that was given before, and is not to be had yet. */
const leaving = ['deleting', 'cleaning', 'clean wait']
/** In which it has, or may get, what is to be taken off it. */
const given = ['active', 'deploying', 'wait call-back', 'deploy failed', 'deploy hold', 'error', 'deleting']

const isMissing = (error: unknown): boolean => (error as SourceError).failure === 'missing'
/** Another is at work on the node at this moment. */
const isLocked = (error: unknown): boolean => /: 409/.test((error as Error).message)

export interface Made {
  key: string
  isUnderWay?: boolean
}

/** One step nearer to it. */
export async function deployNode(
  service: Service,
  spec: SpecOf<'node'>,
  name: string,
  signal: AbortSignal,
): Promise<Made> {
  const wanted = await service.get(node, `nodes/${encodeURIComponent(spec.node)}`, {}, signal)
  const made = { key: `node/${wanted.uuid}` }
  const claim = await findAllocation(service, name, signal)
  if (claim === undefined) {
    if (!leaving.includes(wanted.provision_state ?? '')) await allocate(service, spec, name, signal)
    return { ...made, isUnderWay: true }
  }
  if (claim.state === 'error')
    throw new SourceError(
      'bad',
      `${spec.node} is not to be had: ${claim.last_error?.slice(0, 200) ?? 'no reason'}`,
    )
  if (claim.state !== 'active') return { ...made, isUnderWay: true }
  switch (wanted.provision_state) {
    case 'active':
      return made
    case 'deploy failed':
    case 'error':
      throw new SourceError(
        'bad',
        `${spec.node} is not deployed: ${wanted.last_error?.slice(0, 200) ?? 'no reason'}`,
      )
    case 'available':
      await begin(service, wanted, spec, name, signal)
  }
  return { ...made, isUnderWay: true }
}

async function allocate(
  service: Service,
  spec: SpecOf<'node'>,
  name: string,
  signal: AbortSignal,
): Promise<void> {
  const body = {
    name,
    resource_class: spec.resourceClass,
    candidate_nodes: [spec.node],
    ...(spec.traits.length === 0 ? {} : { traits: spec.traits }),
    extra: { [madeKey]: name },
  }
  // There already: an earlier try was served meanwhile.
  await service.send('POST', 'allocations', body, signal).catch((error: unknown) => {
    if (!isLocked(error)) throw error
  })
}

async function begin(
  service: Service,
  { uuid, extra }: Node,
  { instanceInfo, userData }: SpecOf<'node'>,
  name: string,
  signal: AbortSignal,
): Promise<void> {
  const patch = [
    { op: 'add', path: '/extra', value: { ...extra, [madeKey]: name } },
    ...Object.entries(instanceInfo).map(([key, value]) => ({
      op: 'add',
      path: `/instance_info/${key}`,
      value,
    })),
  ]
  const drive = userData === undefined ? {} : { configdrive: { user_data: userData } }
  try {
    await service.send('PATCH', `nodes/${uuid}`, patch, signal)
    await service.send('PUT', `nodes/${uuid}/states/provision`, { target: 'active', ...drive }, signal)
  } catch (error) {
    if (!isLocked(error)) throw error
  }
}

async function findAllocation(service: Service, name: string, signal: AbortSignal) {
  try {
    return await service.get(allocation, `allocations/${name}`, {}, signal)
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}

/** Whether nothing is left of it; what is left is told to go. */
export async function undeployNode(service: Service, name: string, signal: AbortSignal): Promise<boolean> {
  const claim = await findAllocation(service, name, signal)
  const all = await service.list(nodes, signal)
  const own = all.filter(
    (one) =>
      one.uuid === claim?.node_uuid ||
      // Deployed after its end: nobody's, and last by us.
      (one.extra?.[madeKey] === name &&
        !one.instance_uuid &&
        Object.keys(one.instance_info ?? {}).length === 0),
  )
  const left = own.filter(({ provision_state: state }) => given.includes(state ?? ''))
  try {
    for (const { uuid, provision_state: state } of left)
      if (state !== 'deleting')
        await service.send('PUT', `nodes/${uuid}/states/provision`, { target: 'deleted' }, signal)
    if (claim !== undefined && left.length === 0) {
      // A deployment that comes late finds no image, and is known by that.
      for (const { uuid, instance_info: info } of own)
        if (Object.keys(info ?? {}).length > 0)
          await service.send(
            'PATCH',
            `nodes/${uuid}`,
            [{ op: 'replace', path: '/instance_info', value: {} }],
            signal,
          )
      await service.send('DELETE', `allocations/${name}`, undefined, signal)
    }
  } catch (error) {
    if (!isMissing(error) && !isLocked(error)) throw error
  }
  return claim === undefined && left.length === 0
}

const claims = z.looseObject({
  uuid: z.string().min(1),
  name: text,
  node_uuid: text,
  extra: z.record(z.string(), z.unknown()).nullish(),
})

/** What is claimed by names of ours. */
export async function madeNodes(service: Service, signal: AbortSignal): Promise<MadeThing[]> {
  const options = {
    ...{ path: 'allocations', list: 'allocations', shape: claims },
    markerOf: (one: z.infer<typeof claims>) => one.uuid,
  }
  const all = await service.list(options, signal).catch((error: unknown) => {
    // An Ironic that claims nothing yet: it is older than Stein.
    if (isMissing(error)) return []
    throw error
  })
  return all.flatMap(({ name, node_uuid: uuid, extra }) =>
    name && extra?.[madeKey] === name ? [{ kind: 'node', name, key: `node/${uuid ?? ''}` }] : [],
  )
}
