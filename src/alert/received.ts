/** Alerts of other systems, written: begun, told again, ended; those that nobody tells again end by themselves. */
import type { Knex } from 'knex'
import type { Cursor } from '../event/event.ts'
import type { Graph } from '../graph/graph.ts'
import { createMatcher, type LabelMatcher } from '../graph/match.ts'
import type { Fence } from '../turn.ts'
import { parseAlerts, toImage, type GivenAlert } from './intake.ts'
import type { Life } from './rule/machine.ts'
import { openAlerts, openAlertsOf, writeAlerts, type AlertWrite, type StoredAlert } from './store.ts'

/** What is told without an end is over when it is not told again by then. */
const usualMs = 5 * 60_000

/** INVALID_INPUT when they are none; null when nothing was told. */
export async function receiveAlerts(
  db: Knex,
  graph: Graph,
  value: unknown,
  by: string,
  now: number,
): Promise<Cursor | null> {
  const given = new Map(parseAlerts(value, now).map((one) => [one.fingerprint, one]))
  const known = await openAlertsOf(db, [...given.keys()])
  const open = new Map(known.map((stored) => [stored.fingerprint, stored]))
  const match = createMatcher(graph)
  const writes = [...given.values()].flatMap(
    (one) => toWrite(one, open.get(one.fingerprint), match, now) ?? [],
  )
  if (writes.length === 0) return null
  return (await writeAlerts(db, [], writes, by)).cursor
}

function toWrite(
  given: GivenAlert,
  stored: StoredAlert | undefined,
  match: LabelMatcher,
  now: number,
): AlertWrite | undefined {
  const { fingerprint } = given
  if (given.endsAt !== null) return stored && ended(stored, given.endsAt)
  const image = toImage(given, match(given.labels))
  const life = lifeUntil(given.until ?? now + usualMs, given.startsAt)
  if (stored === undefined) return { image, fingerprint, life, isTold: true }
  // What was measured late, or is another resource by now, is an alert of its own when this one is over.
  const isOther = stored.image.summary !== image.summary || stored.image.severity !== image.severity
  const same = { ...stored.image, summary: image.summary, severity: image.severity, labels: image.labels }
  return { image: same, fingerprint, life, isTold: isOther }
}

/** `knownAt` says until when it holds. */
const lifeUntil = (until: number, since: number): Life => ({
  ...{ state: 'FIRING', since, firedAt: since, wellSince: null, value: null },
  knownAt: until,
})

const ended = ({ image, fingerprint }: StoredAlert, endsAt: number): AlertWrite => ({
  image: { ...image, state: 'RESOLVED', endsAt },
  fingerprint,
  life: null,
  isTold: true,
})

/** Ends what was not told again. */
export async function endIntake(db: Knex, fence: Fence, now: number): Promise<void> {
  const over = (await openAlerts(db)).filter(
    ({ fingerprint, life }) => fingerprint.startsWith('intake/') && (life?.knownAt ?? 0) < now,
  )
  if (over.length > 0)
    await writeAlerts(
      db,
      [fence],
      over.map((stored) => ended(stored, now)),
      'plenum',
    )
}
