/** Debian's Prometheus, as an oracle: given samples, it answers PromQL. It takes samples by remote write as well. */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort, startNeighbour } from './neighbour.ts'

export const hasPrometheus = existsSync('/usr/bin/prometheus') && existsSync('/usr/bin/promtool')

export interface Prometheus {
  url: string
  close(): Promise<void>
}

export interface OracleSeries {
  labels: Readonly<Record<string, string>>
  samples: readonly { at: number; value: number }[]
}

export async function startPrometheus(series: readonly OracleSeries[]): Promise<Prometheus> {
  const folder = mkdtempSync(join(tmpdir(), 'plenum-prometheus-'))
  const metrics = Map.groupBy(series, ({ labels }) => labels['__name__']!)
  const text = [...metrics].flatMap(([name, some]) => some.flatMap((one) => lines(name, one)))
  writeFileSync(join(folder, 'samples'), `${text.join('\n')}\n# EOF\n`)
  writeFileSync(join(folder, 'prometheus.yml'), '')
  if (series.length > 0) fill(folder)
  const port = await freePort()
  const neighbour = await startNeighbour(
    'prometheus',
    [
      `--config.file=${join(folder, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--storage.tsdb.retention.time=10y',
      '--enable-feature=promql-negative-offset,promql-at-modifier',
      '--web.enable-remote-write-receiver',
    ],
    'Server is ready',
  )
  return {
    url: `http://127.0.0.1:${port}`,
    async close() {
      await neighbour.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** What it has from the beginning. */
function fill(folder: string): void {
  const made = spawnSync('promtool', [
    'tsdb',
    'create-blocks-from',
    'openmetrics',
    join(folder, 'samples'),
    join(folder, 'data'),
  ])
  if (made.status !== 0) throw new Error(`promtool: ${String(made.stderr)}`)
}

function lines(name: string, { labels, samples }: OracleSeries): string[] {
  const inner = Object.entries(labels)
    .filter(([label]) => label !== '__name__')
    .map(([label, value]) => `${label}=${JSON.stringify(value)}`)
  return samples.map(({ at, value }) => `${name}{${inner.join(',')}} ${value} ${(at / 1_000).toFixed(3)}`)
}
