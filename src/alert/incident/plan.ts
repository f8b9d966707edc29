/** What becomes of incidents: the groups that alerts form now against those that are open. Pure. */
import { severities, type Failure, type IncidentImage, type IncidentWrite, type Severity } from '../alert.ts'
import type { Group } from '../cause.ts'

/** What must be known of an alert to make it a part of an incident. */
export interface Member {
  id: number
  resourceId: number
  isFiring: boolean
  severity: Severity
  failure: Failure
  summary: string
  runbookUrl: string | null
}

export interface Ended {
  id: number
  resourceId: number | null
  failure: Failure
  endsAt: number
}

/** When a cause is well again, what it made fail follows within this: it is asked in turn, and sessions and links take their time. */
const healingMs = 2 * 60_000

export interface Planned {
  groups: readonly Group[]
  members: ReadonlyMap<number, Member>
  /** Open ones, oldest first. */
  open: readonly IncidentImage[]
  /** Those that ended a short while ago: what comes again is the same. */
  late: readonly IncidentImage[]
  /** Alerts of open incidents that ended. */
  ended: readonly Ended[]
  describe(group: Group): { summary: string; tenantId: number | null }
  now: number
}

/** Incidents that are to be written: new, changed, ended. One that another one turned out to explain is merged into it. */
export function planIncidents({
  groups: found,
  members,
  open,
  late,
  ended: over,
  describe,
  now,
}: Planned): IncidentWrite[] {
  const groups = whileHealing(found, findHealing(open, over, now))
  const taken = new Set<number>()
  const writes: { write: IncidentWrite; group: Group }[] = []
  const keepers = new Map<number, number>()
  for (const group of groups) {
    const own = group.alertIds.flatMap((id) => members.get(id) ?? [])
    const known = findKnown(group, open, taken)
    const isWorth = own.some(({ isFiring, severity }) => isFiring && severity !== 'INFO')
    if (known === undefined && !isWorth) continue
    const former = known ?? findKnown(group, late, taken)
    if (former !== undefined) taken.add(former.id)
    writes.push({ group, write: toWrite(group, own, former, describe(group), now) })
    for (const id of group.alertIds) if (former !== undefined) keepers.set(id, former.id)
  }
  const ended = open
    .filter(({ id }) => !taken.has(id))
    .map((incident): IncidentWrite => {
      const into = incident.alertIds
        .map((id) => keepers.get(id))
        .find((id) => id !== undefined && id !== incident.id)
      return { ...incident, alertIds: [], endsAt: now, mergedInto: into ?? null }
    })
  const before = new Map([...open, ...late].map((incident) => [incident.id, incident]))
  const changed = writes
    .map(({ write }) => write)
    .filter((write) => isOther(write, before.get(write.id ?? -1)))
  // First those that go, so that their alerts are free.
  return [...ended, ...changed]
}

/** An open alert, as far as it says whether an incident is at rest. */
export interface Begun {
  resourceId: number | null
  failure: Failure
  startsAt: number
}

/**
 * Open incidents whose cause goes on explaining for a while: it ended, or it is suspected alone and something just ended or began. What comes back to life fails for a moment
 * in ways of its own, by which a suspicion would be lost.
 */
export function findHealing(
  open: readonly IncidentImage[],
  over: readonly Ended[],
  now: number,
  begun: readonly Begun[] = [],
): readonly IncidentImage[] {
  return open.filter((incident) => {
    const own = new Set(incident.alertIds)
    const ended = over.filter(({ id }) => own.has(id))
    const wasSuspected = !ended.some((one) => isCauseOf(incident, one))
    if (ended.some((one) => now - one.endsAt < healingMs && (wasSuspected || isCauseOf(incident, one))))
      return true
    const alike = begun.filter(({ failure }) => failure === incident.failure)
    // Of what else is suspected the reason may be found meanwhile: a source that reaches nothing.
    return (
      incident.failure === 'SESSION' &&
      wasSuspected &&
      !alike.some((one) => isCauseOf(incident, one)) &&
      alike.some(({ startsAt }) => now - startsAt < healingMs)
    )
  })
}

const isCauseOf = (incident: IncidentImage, one: Pick<Begun, 'resourceId' | 'failure'>): boolean =>
  one.resourceId === incident.causeId && one.failure === incident.failure

/** What is left of an incident that is healing stays with its cause: it is no incident of its own, and nobody is told of it anew. */
function whileHealing(groups: readonly Group[], healing: readonly IncidentImage[]): readonly Group[] {
  let left = [...groups]
  for (const { causeId, failure, alertIds } of healing) {
    const own = new Set(alertIds)
    const isCause = (group: Group): boolean => group.causeId === causeId && group.failure === failure
    const rest = left.filter((group) => isCause(group) || group.alertIds.every((id) => own.has(id)))
    if (rest.length === 0) continue
    const together = {
      ...{ causeId, failure },
      alertIds: rest.flatMap((group) => group.alertIds).sort((a, b) => a - b),
      via: new Map(rest.flatMap(({ via }) => [...via])),
    }
    left = [...left.filter((group) => !rest.includes(group)), together]
  }
  return left
}

/** The one with this cause, else the oldest that shares an alert: its cause is known better now. */
function findKnown(
  group: Group,
  known: readonly IncidentImage[],
  taken: ReadonlySet<number>,
): IncidentImage | undefined {
  const free = known.filter(({ id }) => !taken.has(id))
  const ids = new Set(group.alertIds)
  return (
    free.find(({ causeId, failure }) => causeId === group.causeId && failure === group.failure) ??
    free.find(({ alertIds }) => alertIds.some((id) => ids.has(id)))
  )
}

function toWrite(
  group: Group,
  own: readonly Member[],
  former: IncidentImage | undefined,
  { summary, tenantId }: { summary: string; tenantId: number | null },
  now: number,
): IncidentWrite {
  const ofCause = own.find(
    ({ resourceId, failure }) => resourceId === group.causeId && failure === group.failure,
  )
  const worst = own.reduce((most, { severity }) => Math.max(most, severities.indexOf(severity)), 0)
  const isSame = former?.causeId === group.causeId && former.failure === group.failure
  const isAgain = former !== undefined && former.endsAt !== null
  return {
    ...(former === undefined ? {} : { id: former.id }),
    causeId: group.causeId,
    failure: group.failure,
    tenantId,
    summary: ofCause?.summary ?? (isSame ? former.summary : summary),
    severity:
      severities[Math.max(worst, isAgain || former === undefined ? 0 : severities.indexOf(former.severity))]!,
    state: former !== undefined && former.acknowledgedAt !== null ? 'ACKNOWLEDGED' : 'OPEN',
    runbookUrl: ofCause === undefined && isSame ? former.runbookUrl : (ofCause?.runbookUrl ?? null),
    startsAt: former?.startsAt ?? now,
    endsAt: null,
    acknowledgedBy: former?.acknowledgedBy ?? null,
    acknowledgedAt: former?.acknowledgedAt ?? null,
    mergedInto: null,
    alertIds: group.alertIds,
  }
}

/** Alerts that ended stay a part of it: only new ones are worth telling. */
function isOther(write: IncidentWrite, before: IncidentImage | undefined): boolean {
  if (before === undefined || before.endsAt !== null) return true
  const known = new Set(before.alertIds)
  return (
    write.causeId !== before.causeId ||
    write.failure !== before.failure ||
    write.severity !== before.severity ||
    write.summary !== before.summary ||
    write.alertIds.some((id) => !known.has(id))
  )
}
