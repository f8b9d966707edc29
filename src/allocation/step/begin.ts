/** What is done outside for a plan, member by member, with all names chosen. */
import { invalidInput } from '../../errors.ts'
import type { Graph } from '../../graph/graph.ts'
import type { NewStep } from '../../operation/index.ts'
import type { Plan, PlannedClaim } from '../allocation.ts'
import { fillAll, type Values } from '../blueprint/index.ts'
import { prefixed, type Draft } from '../draft.ts'
import { ansibleStep } from './ansible/index.ts'
import { checkable, type Check, type StepForm } from './form.ts'
import { nameOf, type Place } from './name.ts'
import { neighborSteps } from './neighbor.ts'
import { serverSteps } from './server.ts'
import { webhookStep } from './webhook.ts'

export function stepsOf(
  draft: Draft,
  { claims }: Pick<Plan, 'claims'>,
  allocationId: number,
  graph: Graph,
): NewStep[] {
  const members = [...new Set(claims.map(({ member }) => member))]
  const labels = { 'plenum.allocation': String(allocationId), 'plenum.name': draft.request.name }
  return members.flatMap((member, at) => {
    const own = claims.filter((claim) => claim.member === member)
    const values = valuesOf(draft, own, allocationId, member)
    const serverId = own.find(({ units }) => units.length === 0)?.resourceId ?? null
    return draft.blueprint.steps.flatMap((step, index) => {
      const place = { member, index, isFirst: at === 0, labels }
      const { neighbor, webhook, ansible } = step
      if (neighbor !== undefined) return neighborSteps(fillAll(neighbor, values), place, graph, serverId)
      if (webhook !== undefined) return [webhookStep(webhook, values, place)]
      if (ansible !== undefined) return [ansibleStep(ansible, values, place)]
      return toSteps(fillAll(step, values), place)
    })
  })
}

const valuesOf = (
  { request, parameters }: Draft,
  own: readonly PlannedClaim[],
  allocationId: number,
  member: number,
): Values => ({
  ...prefixed(parameters),
  name: request.name,
  tenant: request.tenantName,
  member,
  address: own.find(({ class: name }) => name.startsWith('IPV'))?.units[0] ?? '',
  host: own.find(({ units }) => units.length === 0)?.providerName ?? '',
  unit: '',
  operation: allocationId,
})

function toSteps({ container, server, node, check }: StepForm, place: Place): NewStep[] {
  if (check !== undefined) return [checkStep(check, place)]
  if (server !== undefined) return serverSteps(server, place)
  if (node !== undefined) return [{ kind: 'node', parameters: node, name: nameOf(place, 'node') }]
  return [{ kind: 'container', parameters: { ...container, labels: place.labels }, name: nameOf(place) }]
}

function checkStep(check: Check, place: Place): NewStep {
  if (!checkable.safeParse(check.url).success)
    throw invalidInput('What is to be checked is no address, with these parameters', 'request.parameters')
  return { kind: 'check', parameters: check, name: nameOf(place) }
}
