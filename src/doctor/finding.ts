/**
 * Terminology
 * - finding: what one look at one thing has found: that it is well, that it will do for now, or that it will not do; and then what to do.
 */
export type Verdict = 'ok' | 'warning' | 'fault'

export interface Finding {
  /** What was looked at, such as `database` or `source cloud`. */
  check: string
  verdict: Verdict
  message: string
  /** What to do; with everything that is not well. */
  advice?: string
}

export const ok = (check: string, message: string): Finding => ({ check, verdict: 'ok', message })
export const warning = (check: string, message: string, advice: string): Finding => ({
  ...{ check, verdict: 'warning', message, advice },
})
export const fault = (check: string, message: string, advice: string): Finding => ({
  ...{ check, verdict: 'fault', message, advice },
})

const marks: Record<Verdict, string> = { ok: 'ok     ', warning: 'warning', fault: 'FAULT  ' }

/** For people: a line each, and what to do below it. */
export function formatFindings(findings: readonly Finding[]): string {
  const width = Math.max(...findings.map(({ check }) => check.length))
  const lines = findings.map(({ check, verdict, message, advice }) => {
    const line = `${marks[verdict]}  ${check.padEnd(width)}  ${message}\n`
    return advice === undefined ? line : `${line}${' '.repeat(width + 11)}→ ${advice}\n`
  })
  const count = (verdict: Verdict) => findings.filter((one) => one.verdict === verdict).length
  return `${lines.join('')}\n${count('ok')} ok, ${count('warning')} warnings, ${count('fault')} faults\n`
}

export const mebibytes = (bytes: number): string =>
  `${Math.round(bytes / 1_048_576).toLocaleString('en')} MiB`
