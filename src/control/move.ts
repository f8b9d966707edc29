/** Machines that go from one host to another: one of them, or all that a host has, which is then left without. */
import type { NewStep } from '../operation/index.ts'
import type { Found } from './find.ts'
import type { Mover } from '../source/source.ts'
import type { ResourceId, ResourceStatus } from '../resource/resource.ts'

export interface MoveRequest {
  id: ResourceId
  /** The host; default where its source finds room. */
  to?: ResourceId | undefined
  isLive?: boolean | undefined
}

export interface DrainRequest {
  id: ResourceId
  /** Takes a drain back: the host is given machines again. */
  isEnd: boolean
}

/** What a host has, as its source knows it. */
export interface Carried {
  /** Undefined: it is not known here yet. */
  id: ResourceId | undefined
  key: string
  name: string
}

const named =
  (part: string): NewStep['name'] =>
  (operationId, epoch) =>
    `plenum-${epoch}-${operationId}-${part}`

export const moveStep = (
  { sourceId, key }: Pick<Found<Mover>, 'sourceId' | 'key'>,
  order: {
    from: string
    to?: string | undefined
    isLive?: boolean | undefined
    isDrain?: true
    what: string
  },
  part = 'move',
): NewStep => ({
  kind: 'move',
  name: named(part),
  parameters: (operation) => ({ operation, source: sourceId, key, ...order }),
})

/** Nothing new comes; all that is there goes; what came in between goes too. */
export function drainSteps(
  host: Pick<Found<Mover>, 'sourceId' | 'key'>,
  marked: { id: ResourceId; was: ResourceStatus | null },
  carried: readonly Carried[],
): NewStep[] {
  const { sourceId, key } = host
  const mark = (operation: number) => ({ operation, resource: marked.id, to: 'MAINTENANCE', was: marked.was })
  return [
    ...(marked.was === 'MAINTENANCE'
      ? []
      : [{ kind: 'mark', name: named('mark'), parameters: mark } satisfies NewStep]),
    { kind: 'host.close', name: named('close'), parameters: { source: sourceId, key } },
    ...carried.map((one, index) =>
      moveStep({ sourceId, key: one.key }, { from: key, isDrain: true, what: one.name }, `move-${index + 1}`),
    ),
    {
      kind: 'host.empty',
      name: named('empty'),
      parameters: (operation) => ({ operation, source: sourceId, key }),
    },
  ]
}

export const endDrainSteps = (
  { sourceId, key }: Pick<Found<Mover>, 'sourceId' | 'key'>,
  { id, was }: { id: ResourceId; was: ResourceStatus | null },
): NewStep[] => [
  { kind: 'host.open', name: named('open'), parameters: { source: sourceId, key } },
  ...(was === 'MAINTENANCE'
    ? [
        {
          kind: 'mark',
          name: named('mark'),
          parameters: (operation: number) => ({ operation, resource: id, to: 'ACTIVE', was }),
        } satisfies NewStep,
      ]
    : []),
]
