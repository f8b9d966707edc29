/** Families as the text that Prometheus reads (version 0.0.4), of one process or of several. Pure. */
import type { Family, Point } from './instrument.ts'

export const expositionType = 'text/plain; version=0.0.4; charset=utf-8'

/** What several processes tell under one name stands together; each point says whose it is. */
export function together(processes: readonly { process: string; families: readonly Family[] }[]): Family[] {
  const all = new Map<string, Family>()
  const inOrder = [...processes].sort((a, b) => Number(a.process) - Number(b.process))
  for (const { process, families } of inOrder) {
    for (const { points, ...family } of families) {
      const known = all.get(family.name) ?? { ...family, points: [] }
      all.set(family.name, known)
      known.points.push(...points.map((point) => ({ ...point, labels: { ...point.labels, process } })))
    }
  }
  return [...all.values()]
}

export function toExposition(families: readonly Family[]): string {
  return families
    .filter(({ points }) => points.length > 0)
    .map(
      ({ name, help, type, points }) =>
        `# HELP ${name} ${escapeHelp(help)}\n# TYPE ${name} ${type}\n${points.map((point) => line(name, point)).join('')}`,
    )
    .join('')
}

function line(name: string, { suffix, labels, value }: Point): string {
  const shown = Object.entries(labels).map(([key, text]) => `${key}="${escapeLabel(text)}"`)
  return `${name}${suffix ?? ''}${shown.length === 0 ? '' : `{${shown.join(',')}}`} ${toNumber(value)}\n`
}

function toNumber(value: number): string {
  if (Number.isFinite(value)) return String(value)
  return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf'
}

const escapeHelp = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')
const escapeLabel = (text: string): string => escapeHelp(text).replaceAll('"', '\\"')
