/** What is done outside for a plan, member by member, with all names chosen. */
import { invalidInput } from '../../errors.ts'
import type { NewStep } from '../../operation/index.ts'
import type { Plan, PlannedClaim } from '../allocation.ts'
import { fillAll, type Values } from '../blueprint/index.ts'
import { prefixed, type Draft } from '../draft.ts'
import { checkable, type StepForm } from './form.ts'

export function stepsOf(draft: Draft, { claims }: Pick<Plan, 'claims'>, allocationId: number): NewStep[] {
  const members = [...new Set(claims.map(({ member }) => member))]
  return members.flatMap((member) => {
    const own = claims.filter((claim) => claim.member === member)
    const values = valuesOf(draft, own, allocationId, member)
    return draft.blueprint.steps.map((step, index): NewStep => ({
      ...toStep(fillAll(step, values), draft.request.name, allocationId),
      name: (operationId, epoch) => `plenum-${epoch}-${operationId}-${member}-${index}`,
    }))
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

function toStep(
  { container, check }: StepForm,
  name: string,
  allocationId: number,
): Pick<NewStep, 'kind' | 'parameters'> {
  if (check !== undefined) {
    if (!checkable.safeParse(check.url).success)
      throw invalidInput('What is to be checked is no address, with these parameters', 'request.parameters')
    return { kind: 'check', parameters: check }
  }
  const labels = { 'plenum.allocation': String(allocationId), 'plenum.name': name }
  return { kind: 'container', parameters: { ...container, labels } }
}
