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
  if (!hasRecordings) return void console.log('skipped: no recordings at ../shared/data/snmprec')
  const found = await compareAll(
    recordingNames.filter((name) => positionals.length === 0 || positionals.includes(name)),
  )
  const differences = found.filter(({ equal }) => !equal)
  for (const one of values.all ? found : differences)
    console.log(
      `${one.recording} ${one.area} ${one.thing} ${one.field}: ${JSON.stringify(one.expected)} / ${JSON.stringify(one.ours)}${one.equal ? '' : `  # ${one.reason ?? 'UNEXPLAINED'}`}`,
    )
  const figures = areas.map((area) => {
    const all = found.filter((one) => one.area === area)
    const equal = all.filter((one) => one.equal).length
    const explained = all.filter((one) => !one.equal && one.reason !== null).length
    return { area, compared: all.length, equal, explained, unexplained: all.length - equal - explained }
  })
  console.table(figures)
  if (values.json !== undefined)
    await writeFile(values.json, `${JSON.stringify({ figures, differences }, null, 2)}\n`)
}

type Found = Comparison & { recording: string; reason: string | null }

async function compareAll(names: readonly string[]): Promise<Found[]> {
  const client = await startSnmpClient()
  const responder = startResponder()
  const modules = await loadModules()
  const found: Found[] = []
  for (const name of names) {
    const device = await readDevice(name, readRecording(name), client, responder, modules)
    for (const failure of device.failures) console.log(`${name}: ${failure}`)
    for (const one of compareDevice(device, readExpected(name)))
      found.push({ ...one, recording: name, reason: one.equal ? null : reasonOf(name, one) })
  }
  await client.close()
  await responder.close()
  return found
}

await main()
