/** What is PromQL but not answered here, by name, with what to do instead. */
const reasons: Readonly<Record<string, string>> = {
  histogram: 'series here are plain numbers, there are no histograms',
  limitk: 'it is experimental in Prometheus: use topk',
  limit_ratio: 'it is experimental in Prometheus',
  holt_winters: 'it was removed from Prometheus: use predict_linear',
  double_exponential_smoothing: 'it is experimental in Prometheus: use predict_linear',
  info: 'it is experimental in Prometheus: what it would join is on every series as labels',
}

export function parseFailure(name: string): string {
  const reason = reasons[name] ?? (name.startsWith('histogram_') ? reasons['histogram'] : undefined)
  return `${name} is not supported${reason === undefined ? '' : `: ${reason}`}; docs/promql.md lists what is`
}
