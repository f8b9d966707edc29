/**
 * Real devices' recordings against what another tool found there: every difference with its reason, and how much is equal.
 *   npm run lab recordings [-- NAME…] [--all] [--json FILE]   (--all: also what is equal)
 */
import { writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { compareDevice, areas, type Comparison } from './recordings/compare.ts'
import { readDevice } from './recordings/device.ts'
import { hasRecordings, readExpected, readRecording, recordingNames } from './recordings/expected.ts'
import { reasonOf } from './recordings/reason.ts'
import { loadModules } from '../src/source/snmp/module/index.ts'
import { startSnmpClient } from '../src/source/snmp/protocol/index.ts'
import { startResponder } from '../src/source/snmp/responder/index.ts'

const { values, positionals } = parseArgs({
  options: { all: { type: 'boolean', default: false }, json: { type: 'string' } },
  allowPositionals: true,
})

async function main(): Promise<void> {
  if (!hasRecordings) return tell('skipped: no recordings at ../shared/data/snmprec')
  const found = await compareAll(
    recordingNames.filter((name) => positionals.length === 0 || positionals.includes(name)),
  )
  const differences = found.filter(({ equal }) => !equal)
  for (const one of values.all ? found : differences)
    tell(
      `${one.recording} ${one.area} ${one.thing} ${one.field}: ${JSON.stringify(one.expected)} / ${JSON.stringify(one.ours)}${one.equal ? '' : `  # ${one.reason ?? 'UNEXPLAINED'}`}`,
    )
  tell(`${'area'.padEnd(12)}compared   equal explained unexplained`)
  const figures = areas.map((area) => {
    const all = found.filter((one) => one.area === area)
    const equal = all.filter((one) => one.equal).length
    const explained = all.filter((one) => !one.equal && one.reason !== null).length
    return { area, compared: all.length, equal, explained, unexplained: all.length - equal - explained }
  })
  tell(
    figures
      .map(({ area, compared, equal, explained, unexplained }) =>
        [area.padEnd(12), ...[compared, equal, explained, unexplained].map((n) => `${n}`.padStart(8))].join(
          '',
        ),
      )
      .join('\n'),
  )
  if (values.json === undefined) return
  const reasons = Object.fromEntries(
    [...Map.groupBy(differences, ({ reason }) => reason ?? 'none')].map(([reason, { length }]) => [
      reason,
      length,
    ]),
  )
  await writeFile(values.json, `${JSON.stringify({ name: 'recordings', figures, reasons }, null, 2)}\n`)
}

const tell = (line: string): void => void process.stdout.write(`${line}\n`)

type Found = Comparison & { recording: string; reason: string | null }

async function compareAll(names: readonly string[]): Promise<Found[]> {
  const client = await startSnmpClient()
  const responder = startResponder()
  const modules = await loadModules()
  const found: Found[] = []
  for (const name of names) {
    const device = await readDevice(name, readRecording(name), client, responder, modules)
    for (const failure of device.failures) tell(`${name}: ${failure}`)
    for (const one of compareDevice(device, readExpected(name)))
      found.push({ ...one, recording: name, reason: one.equal ? null : reasonOf(name, one) })
  }
  await client.close()
  await responder.close()
  return found
}

await main()
