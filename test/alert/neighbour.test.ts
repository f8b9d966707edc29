/** The whole way of those who have both: Debian's Prometheus sends its alerts to Plenum, Plenum tells Debian's Alertmanager of the incident, and that tells people. */
import { createServer, type Server } from 'node:http'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestApp, type TestApp } from '../support/app.ts'
import { freePort, startNeighbour, type Neighbour } from '../support/neighbour.ts'
import { hasPrometheus } from '../support/prometheus.ts'
import { openSocket, type TestSocket } from '../support/socket.ts'
import { startReceiver, type TestReceiver } from './receiver.ts'

const hasBoth = hasPrometheus && existsSync('/usr/bin/prometheus-alertmanager')

describe.skipIf(!hasBoth)('between Prometheus and Alertmanager', () => {
  let folder: string
  let people: TestReceiver
  let app: TestApp
  let socket: TestSocket
  let exporterPort: number
  let exporter: Server | undefined
  const neighbours: Neighbour[] = []

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'plenum-neighbour-'))
    people = await startReceiver()
    const alertmanagerPort = await startAlertmanager()
    writeFileSync(
      join(folder, 'plenum.yaml'),
      `notify:
  wait: 1s
  receivers: { am: { type: alertmanager, url: 'http://127.0.0.1:${alertmanagerPort}', watchdog: true } }
  routes: [{ to: [am] }]
`,
    )
    app = await startTestApp({ env: { PLENUM_CONFIG: join(folder, 'plenum.yaml') } })
    socket = openSocket(app.url, app.token)
    const items = [
      { kind: 'Server', name: 'db1', labels: [{ key: 'env', value: 'prod' }] },
      { kind: 'VirtualMachine', name: 'vm1', links: [{ type: 'RUNS_ON', to: 'Server:name=db1' }] },
    ]
    const { errors } = await app.query(
      'mutation ($input: ImportInput!) { importInventory(input: $input) { cursor } }',
      { input: { items } },
    )
    expect(errors).toBeUndefined()
    exporterPort = await freePort()
    await startScraper()
  }, 60_000)

  afterAll(async () => {
    for (const one of neighbours.reverse()) await one.close()
    exporter?.closeAllConnections()
    exporter?.close()
    await socket?.close()
    await app?.close()
    await people?.close()
    rmSync(folder, { recursive: true, force: true })
  })

  async function startAlertmanager(): Promise<number> {
    writeFileSync(
      join(folder, 'alertmanager.yml'),
      `route: { receiver: people, group_by: [incident], group_wait: 0s, group_interval: 1s, repeat_interval: 1h }
receivers: [{ name: people, webhook_configs: [{ url: '${people.url}/people' }] }]
`,
    )
    const port = await freePort()
    const args = [
      `--config.file=${join(folder, 'alertmanager.yml')}`,
      `--storage.path=${join(folder, 'alertmanager')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--cluster.listen-address=',
    ]
    neighbours.push(await startNeighbour('prometheus-alertmanager', args, 'Listening'))
    return port
  }

  async function startScraper(): Promise<void> {
    writeFileSync(join(folder, 'token'), app.token)
    writeFileSync(
      join(folder, 'rules.yml'),
      `groups: [{ name: g, rules: [{ alert: InstanceDown, expr: 'up == 0', for: 0s, labels: { severity: page }, annotations: { summary: '{{ $labels.instance }} is down' } }] }]
`,
    )
    writeFileSync(
      join(folder, 'prometheus.yml'),
      `global: { scrape_interval: 1s, evaluation_interval: 1s }
rule_files: [rules.yml]
alerting:
  alertmanagers:
    - authorization: { credentials_file: ${join(folder, 'token')} }
      static_configs: [{ targets: ['${new URL(app.url).host}'] }]
scrape_configs:
  - job_name: node
    static_configs: [{ targets: ['db1:9100', 'vm1.example.net:9100'] }]
    relabel_configs:
      - { source_labels: [__address__], target_label: instance }
      - { target_label: __address__, replacement: '127.0.0.1:${exporterPort}' }
`,
    )
    const args = [
      `--config.file=${join(folder, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${await freePort()}`,
    ]
    neighbours.push(await startNeighbour('prometheus', args, 'Server is ready'))
  }

  async function incident(fits: (incident: any) => boolean): Promise<any> {
    const stream = socket.iterate<any>(
      'subscription { incidentChanged(snapshot: true) { incident { id state cause { name } alerts { nodes { ruleName } } } } }',
    )
    for await (const { incidentChanged } of stream)
      if (incidentChanged.incident !== null && fits(incidentChanged.incident)) return incidentChanged.incident
  }

  it(
    'alerts become one incident with its cause, which is told once and ends',
    { timeout: 60_000 },
    async () => {
      const open = await incident(({ alerts }) => alerts.nodes.length === 2)
      expect(open).toMatchObject({ state: 'OPEN', cause: { name: 'db1' } })
      const told = await people.until(
        ({ status, groupLabels }) => status === 'firing' && groupLabels.incident === open.id,
      )
      expect(told.alerts).toMatchObject([
        {
          labels: { alertname: 'InstanceDown', severity: 'critical', cause: 'db1', cause_kind: 'Server' },
          annotations: { summary: 'db1:9100 is down' },
        },
      ])
      // Beside it, that Plenum is alive.
      await people.until(({ commonLabels }) => commonLabels.alertname === 'Watchdog')

      exporter = createServer((_, response) => response.end('something 1\n')).listen(
        exporterPort,
        '127.0.0.1',
      )
      // What the host was down for may be well before the host is: the incident's cause is another one at its end.
      const ended = ({ status, groupLabels }: any) =>
        status === 'resolved' && groupLabels.incident === open.id
      await people.until(ended)
      const { data } = await app.query<any>(
        '{ incidents { totalCount } alerts(filter: { rule: ["InstanceDown"] }) { totalCount } }',
      )
      expect(data).toEqual({ incidents: { totalCount: 0 }, alerts: { totalCount: 0 } })
      const firing = people.sent.filter(
        ({ body }) => body.status === 'firing' && body.groupLabels.incident === open.id,
      )
      expect(firing).toHaveLength(1)
    },
  )
})
