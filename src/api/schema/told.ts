/**
 * What of the log and of history a viewer with tenants is told. An event tells by itself whose it is, before and after, so that a replay tells what was
 * told when it happened: of a resource, to whom held it then; when it comes to a tenant, that it came; when it goes, that it left.
 */
import type { Context, Viewer } from '../../context.ts'
import type { EventBody, EventScope, LoggedEvent } from '../../event/event.ts'
import type { Graph } from '../../graph/graph.ts'
import { carries, seesAll } from '../../graph/scope.ts'
import type { Change, LinkImage, ResourceId } from '../../resource/resource.ts'
import { seeId } from './view.ts'

type Scope = Pick<EventScope, 'kind' | 'tenantId'>

/** As an event is to be told; `hasLeft`: the resource is no longer the viewer's, and that is all that is told. */
export interface ToldEvent extends LoggedEvent {
  hasLeft?: true
}

/** Undefined: the viewer is not told of it. */
export function toldTo({ viewer, graph }: Context, event: LoggedEvent): ToldEvent | undefined {
  if (seesAll(viewer)) return event
  // Who held its start when the link went may be another than who held it while it was.
  if (event.body.type === 'LinkRemoved') {
    const { from, to } = event.body.link
    if (![from, to].every((id) => isKnownOrGone(viewer.tenants!, graph, id, event.body as LinkRemoved)))
      return undefined
  }
  const body = bodyFor(viewer.tenants!, event.body)
  if (body === 'left') return { ...event, hasLeft: true }
  return body && { ...event, body }
}

type LinkRemoved = Extract<EventBody, { type: 'LinkRemoved' }>

function isKnownOrGone(
  tenants: Tenants,
  graph: Graph,
  id: ResourceId,
  { link, from, to }: LinkRemoved,
): boolean {
  return holds(tenants, id, id === link.from ? from : to) || graph.get(id) !== undefined
}

type Tenants = ReadonlySet<ResourceId>

const holds = (tenants: Tenants, id: ResourceId, { kind, tenantId }: Scope): boolean =>
  (tenantId !== null && tenants.has(tenantId)) || (kind === 'Tenant' && tenants.has(id))

function bodyFor(tenants: Tenants, body: EventBody): EventBody | 'left' | undefined {
  switch (body.type) {
    case 'ResourceCreated':
      return holds(tenants, body.resource.id, body.resource) ? body : undefined
    case 'ResourceUpdated': {
      const { resource, before } = body
      const was = holds(tenants, resource.id, before)
      if (!holds(tenants, resource.id, resource)) return was ? 'left' : undefined
      return was ? body : { type: 'ResourceCreated', resource }
    }
    case 'ResourceDeleted':
    case 'ResourceMerged':
      return holds(tenants, body.id, body.before) ? body : undefined
    case 'LinkAdded':
    case 'LinkRemoved':
      return tellsLink(tenants, body.link, body.from, body.to) ? body : undefined
    default:
      // Of sources and of tokens; what a device says of itself is told by what it changes.
      return undefined
  }
}

/** Between two that are held, or from one that is held to what the link itself makes known. */
function tellsLink(tenants: Tenants, { type, from, to }: LinkImage, start: Scope, end: Scope): boolean {
  const [ofStart, ofEnd] = [holds(tenants, from, start), holds(tenants, to, end)]
  if (ofStart && ofEnd) return true
  if (!carries(type)) return false
  const reach = (isHeld: boolean, near: Scope, far: Scope) => isHeld && near.kind !== 'Tenant' && isOpen(far)
  if (type !== 'CONNECTED_TO') return reach(ofStart, start, end)
  return (
    (reach(ofStart, start, end) && end.tenantId === null) ||
    (reach(ofEnd, end, start) && start.tenantId === null)
  )
}

const isOpen = ({ kind }: Scope): boolean => kind !== 'Tenant' && kind !== 'Source'

/** Changes without what they name of others: links, places and tenants that the viewer does not know, sources. */
export function toldChanges(context: Context, changes: readonly Change[]): readonly Change[] {
  if (seesAll(context.viewer)) return changes
  const known = (id: unknown): boolean => seeId(context, context.graph, Number(id)) !== null
  // Values of before were the former tenant's.
  if (changes.some(({ path, before }) => path === 'tenant' && !context.viewer.tenants!.has(Number(before))))
    return []
  return changes.flatMap((change): Change[] => {
    const { path, before, after } = change
    if (path === 'sources') return []
    if (path === 'links') return linksTold(change, (link) => link.split('.').slice(1).every(known))
    if (path !== 'site' && path !== 'tenant' && path !== 'id') return [change]
    return [{ path, before: known(before) ? before : null, after: known(after) ? after : null }]
  })
}

function linksTold({ path, before, after }: Change, isKnown: (link: string) => boolean): Change[] {
  const told = [before, after].map((list) => (Array.isArray(list) ? list.map(String).filter(isKnown) : []))
  return told.every((list) => list.length === 0) ? [] : [{ path, before: told[0], after: told[1] }]
}

/** The tenants whose history is told; undefined: all of it. */
export const tenantsOf = ({ tenants }: Viewer): { tenants?: ResourceId[] } =>
  tenants === undefined ? {} : { tenants: [...tenants] }
