/** Durations as PromQL writes them: `5m`, `1h30m`, or a number of seconds. */
const unitMs = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000, y: 31_536_000_000 }
const form = /^(?:(\d+)y)?(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m(?!s))?(?:(\d+)s)?(?:(\d+)ms)?$/
const order = ['y', 'w', 'd', 'h', 'm', 's', 'ms'] as const

/** Milliseconds; undefined for what is no duration. */
export function parseDuration(text: string): number | undefined {
  const parts = text === '' ? null : form.exec(text)
  if (parts === null) return undefined
  return order.reduce((sum, unit, index) => sum + Number(parts[index + 1] ?? 0) * unitMs[unit], 0)
}
