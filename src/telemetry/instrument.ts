/**
 * What a process tells of itself. Terminology
 * - instrument: one thing that is counted or measured; module-wide, for as long as the process lives.
 * - family: an instrument as it stands now, under its name; point: one of its values with its labels.
 * Pure but for the list of instruments; the text for scrapers is written by exposition.ts.
 */
export type FamilyType = 'counter' | 'gauge' | 'histogram'

export interface Point {
  /** What comes after the family's name: of histograms. */
  suffix?: '_bucket' | '_sum' | '_count'
  labels: Readonly<Record<string, string>>
  value: number
}

export interface Family {
  name: string
  help: string
  type: FamilyType
  points: Point[]
}

export interface Definition {
  /** Base units and endings as Prometheus has them: `_total`, `_seconds`, `_bytes`. */
  name: string
  help: string
  labels?: readonly string[]
}

const separator = '\u0000'
const registered: { family(): Family }[] = []

/** Of all that were made in this process. */
export const instrumentFamilies = (): Family[] => registered.map((one) => one.family())

export interface Counter {
  /** The values of the labels in their order, then by how much if not by one. */
  add(labels: readonly string[], by?: number): void
}

export function counter({ name, help, labels = [] }: Definition): Counter {
  const values = new Map<string, number>()
  registered.push({
    family: () => ({
      ...{ name, help, type: 'counter' },
      points: [...values].map(([key, value]) => ({ labels: labelsOf(labels, key), value })),
    }),
  })
  if (labels.length === 0) values.set('', 0)
  return {
    add(given, by = 1) {
      const key = given.join(separator)
      values.set(key, (values.get(key) ?? 0) + by)
    },
  }
}

export interface Histogram {
  observe(labels: readonly string[], value: number): void
}

/** Bounds of what people wait for, in seconds. */
export const waitSeconds = [
  0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30,
]

interface Distribution {
  /** How many were at most each bound and more than the one before; the last: above all. */
  counts: number[]
  sum: number
}

export function histogram({
  name,
  help,
  labels = [],
  bounds = waitSeconds,
}: Definition & { bounds?: readonly number[] }): Histogram {
  const values = new Map<string, Distribution>()
  const empty = (): Distribution => ({ counts: new Array<number>(bounds.length + 1).fill(0), sum: 0 })
  registered.push({
    family: () => ({
      ...{ name, help, type: 'histogram' },
      points: [...values].flatMap(([key, one]) => pointsOf(one, bounds, labelsOf(labels, key))),
    }),
  })
  return {
    observe(given, value) {
      const key = given.join(separator)
      let one = values.get(key)
      if (one === undefined) values.set(key, (one = empty()))
      let place = 0
      while (place < bounds.length && value > bounds[place]!) place++
      one.counts[place]!++
      one.sum += value
    },
  }
}

function pointsOf(
  { counts, sum }: Distribution,
  bounds: readonly number[],
  labels: Point['labels'],
): Point[] {
  let below = 0
  const buckets = counts.map((count, place): Point => {
    below += count
    const le = place < bounds.length ? String(bounds[place]) : '+Inf'
    return { suffix: '_bucket', labels: { ...labels, le }, value: below }
  })
  return [...buckets, { suffix: '_sum', labels, value: sum }, { suffix: '_count', labels, value: below }]
}

const labelsOf = (names: readonly string[], key: string): Record<string, string> => {
  const values = key.split(separator)
  return Object.fromEntries(names.map((name, place) => [name, values[place] ?? '']))
}
