/** What a viewer may do: by role, by verb, and by what it would write. */
import { roles, type Role, type Verb, type Viewer } from '../context.ts'
import { PlenumError } from '../errors.ts'
import type { Graph } from '../graph/graph.ts'
import { access, seesAll } from '../graph/scope.ts'
import type { Guarded, Place, WriteGuard } from '../resource/resource.ts'
import type { PlannedChange, WriteResult } from '../resource/verbs.ts'

/** The role that each mutation needs at least. A mutation that is not listed is refused to all: a test sees to it that none is forgotten. */
export const mutationRoles: Readonly<Record<string, Role>> = {
  importInventory: 'operator',
  updateResources: 'operator',
  deleteResources: 'operator',
  deleteLink: 'operator',
  // Both decide for good what is one thing and what is two; a wrong one spoils history under the wrong id.
  mergeResources: 'admin',
  splitResource: 'admin',
  syncSource: 'operator',
  acknowledgeIncident: 'operator',
  saveRule: 'operator',
  deleteRule: 'operator',
  createSilence: 'operator',
  endSilence: 'operator',
  startMaintenance: 'operator',
  endMaintenance: 'operator',
  allocate: 'operator',
  release: 'operator',
  extendLease: 'operator',
  approveOperation: 'operator',
  retryOperation: 'operator',
  cancelOperation: 'operator',
  setPower: 'operator',
  resize: 'operator',
  migrate: 'operator',
  drain: 'operator',
  createToken: 'admin',
  revokeToken: 'admin',
}

const verbOf: Readonly<Record<string, Verb>> = {
  importInventory: 'IMPORT',
  'PUT /import': 'IMPORT',
  updateResources: 'UPDATE',
  deleteResources: 'DELETE',
  deleteLink: 'LINK',
  mergeResources: 'MERGE',
  splitResource: 'MERGE',
  syncSource: 'SYNC',
  allocate: 'ALLOCATE',
  release: 'ALLOCATE',
  extendLease: 'ALLOCATE',
  approveOperation: 'ALLOCATE',
  retryOperation: 'ALLOCATE',
  cancelOperation: 'ALLOCATE',
  setPower: 'CONTROL',
  resize: 'CONTROL',
  migrate: 'CONTROL',
  drain: 'CONTROL',
}

/** Root fields of Query and Subscription that need more than a login. */
export const readRoles: Readonly<Record<string, Role>> = { tokens: 'admin' }

export const mayAct = (role: Role, needed: Role): boolean => roles.indexOf(role) >= roles.indexOf(needed)

export function forbidden(field: string, needed: Role, role: Role): PlenumError {
  return new PlenumError('FORBIDDEN', `${field} needs the role ${needed}; this token has ${role}`)
}

/** Throws FORBIDDEN unless the viewer may use the field at all. What it then would write is for `guardOf`. */
export function checkAct(viewer: Viewer, field: string, needed: Role): void {
  if (!mayAct(viewer.role, needed)) throw forbidden(field, needed, viewer.role)
  const { writes, tenants } = viewer
  const isNarrowed = writes !== undefined || tenants !== undefined
  const verb = verbOf[field]
  if (verb === undefined) {
    // Whoever is narrowed could otherwise make a token that is not.
    if (isNarrowed) throw new PlenumError('FORBIDDEN', `${field} is for tokens that nothing narrows`)
    return
  }
  if (writes?.verbs !== undefined && !writes.verbs.has(verb))
    throw new PlenumError(
      'FORBIDDEN',
      `${field} needs the verb ${verb}; this token may ${listOf(writes.verbs)}`,
    )
  if (verb === 'ALLOCATE' && (writes?.kinds !== undefined || writes?.sites !== undefined))
    throw new PlenumError(
      'FORBIDDEN',
      `${field} gives of many kinds and places: not for tokens that are narrowed to some of them`,
    )
  if (
    verb === 'SYNC' &&
    (tenants !== undefined || writes?.kinds !== undefined || writes?.sites !== undefined)
  )
    throw new PlenumError(
      'FORBIDDEN',
      `${field} writes whatever the source lists: not for tokens that are narrowed to some of it`,
    )
}

const listOf = (items: ReadonlySet<string>): string =>
  items.size === 0 ? 'nothing' : [...items].sort().join(', ')

/** Looks at every write of the viewer; undefined when nothing narrows it. `graph` is what the viewer knows. */
export function guardOf(viewer: Viewer, graph: () => Graph): WriteGuard | undefined {
  const { writes, tenants } = viewer
  if (tenants === undefined && writes?.kinds === undefined && writes?.sites === undefined) return undefined
  const tests = [
    ...(writes?.kinds ? [byKind(writes.kinds)] : []),
    ...(writes?.sites ? [bySite(writes.sites)] : []),
    ...(tenants ? [byTenant(tenants)] : []),
  ]
  return (write) => {
    for (const test of tests) checkAll(write, test)
    if (tenants !== undefined) checkLinked(write, graph())
  }
}

/** Undefined: it may be written; else why not. */
type Test = (place: Place) => string | undefined

const byKind =
  (kinds: ReadonlySet<string>): Test =>
  ({ kind }) =>
    kinds.has(kind) ? undefined : `this token may write ${listOf(kinds)}, and this is a ${kind}`

const bySite =
  (sites: ReadonlySet<number>): Test =>
  ({ siteId, id }) =>
    sites.has(id) || (siteId !== null && sites.has(siteId))
      ? undefined
      : 'this token may write what stands in its sites, and this does not, or would not'

const byTenant =
  (tenants: ReadonlySet<number>): Test =>
  ({ tenantId, kind, id }) =>
    (tenantId !== null && tenants.has(tenantId)) || (kind === 'Tenant' && tenants.has(id))
      ? undefined
      : 'this token may write what its tenants hold, and this is not, or would not be'

function checkAll({ items, links }: Guarded, test: Test): void {
  for (const { before, after, path } of items) {
    const why = [before, after].flatMap((place) => (place && test(place)) ?? [])[0]
    if (why !== undefined) throw refusal(why, path)
  }
  for (const { type, from, to } of links) {
    const why = test(from)
    // A cable belongs to whoever may write either of its ends; any other link to its start: what stands, runs, is a part.
    if (why !== undefined && (type !== 'CONNECTED_TO' || test(to) !== undefined))
      throw refusal(`the link ${type}: ${why}`, undefined)
  }
}

/** A link may lead to what is known, and to what this very write makes. */
function checkLinked({ items, links }: Guarded, graph: Graph): void {
  const own = new Set(items.map(({ after }) => after?.id))
  for (const { from, to, isNew } of links) {
    if (!isNew || [from, to].every(({ id }) => own.has(id) || graph.get(id) !== undefined)) continue
    throw unknownTarget()
  }
}

/** The same whether there is no such thing or it is none of the viewer's. */
export const unknownTarget = (): PlenumError =>
  new PlenumError('NOT_FOUND', 'A link names nothing that this token knows of')

/** Runs a write, and tells of it what the viewer may know. */
export async function toldWrite(
  viewer: Viewer,
  graph: Graph,
  write: () => Promise<WriteResult>,
): Promise<WriteResult> {
  if (seesAll(viewer)) return write()
  try {
    return toldResult(viewer, graph, await write())
  } catch (error) {
    throw toldError(error)
  }
}

/** What follows of it for others is not told, and not counted. */
function toldResult(viewer: Viewer, graph: Graph, result: WriteResult): WriteResult {
  const isOwn = (id: number | null): boolean => {
    const vertex = id === null ? undefined : graph.get(id)
    return vertex !== undefined && access(viewer, vertex) === 'FULL'
  }
  const planned = result.planned
    .filter(({ action, resourceId }) => action === 'CREATE' || isOwn(resourceId))
    .map((change) => ({ ...change, changes: change.changes.filter(({ path }) => !namesOthers.has(path)) }))
  const count = (...actions: PlannedChange['action'][]) =>
    planned.filter(({ action }) => actions.includes(action)).length
  return {
    ...result,
    planned,
    plannedTotal: planned.length,
    updated: count('UPDATE'),
    deleted: count('DELETE', 'JOIN'),
    resourceIds: planned.flatMap(({ resourceId, action }) =>
      resourceId !== null && (action === 'CREATE' || action === 'UPDATE') ? [resourceId] : [],
    ),
  }
}

const namesOthers: ReadonlySet<string> = new Set(['links', 'site', 'tenant', 'sources', 'id'])

/** Refusals name what stands in the way, which may be others'. */
function toldError(error: unknown): unknown {
  if (!(error instanceof PlenumError)) return error
  const { code, details } = error
  if (code === 'CONFLICT' && details.reason !== 'KEY_REUSED' && details.reason !== 'REVISION')
    return new PlenumError(
      'CONFLICT',
      'Refused because of how things stand; what stands in the way is not told',
      {
        ...(details.reason === undefined ? {} : { reason: details.reason }),
        ...(details.path === undefined ? {} : { path: details.path }),
      },
    )
  const isOfLink = [details.path, ...(details.problems ?? []).map(({ path }) => path)].some((path) =>
    /\blinks\[/.test(path ?? ''),
  )
  return isOfLink ? unknownTarget() : error
}

function refusal(why: string, path: string | undefined): PlenumError {
  const said = why.charAt(0).toUpperCase() + why.slice(1)
  return new PlenumError('FORBIDDEN', said, path === undefined ? {} : { path })
}
