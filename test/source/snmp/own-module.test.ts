/** A module that a user adds: what it reads is told by the API like what is shipped, with its unit and help. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startResponder, type Responder } from '../../../src/source/snmp/responder/index.ts'
import { startTestApp, type TestApp } from '../../support/app.ts'
import { openSocket } from '../../support/socket.ts'
import { smallSwitch } from './driver.ts'

const pump = `
module: pump
description: The pump of a liquid-cooled switch.
when: { description: 'test switch' }
tables:
  pump:
    columns: { flow: 1.3.6.1.4.1.99999.7.1 }
metrics:
  - { each: pump, name: pump.flow, unit: 'l/min', type: gauge, help: Litres a minute., value: { from: flow, times: 0.1 } }
`
let folder: string
let responder: Responder
let app: TestApp

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'plenum-modules-'))
  writeFileSync(join(folder, 'pump.yaml'), pump)
  responder = startResponder()
  const { port } = await responder.add({
    mib: smallSwitch('wet', '001b21000001', ['1.3.6.1.4.1.99999.7.1.0|66|125']),
  })
  process.env['PLENUM_TEST_COMMUNITY'] = 'public'
  app = await startTestApp({
    sources: {
      lab: {
        driver: 'snmp',
        interval: 1,
        modules: folder,
        credentials: { lab: { community: 'env:PLENUM_TEST_COMMUNITY' } },
        seeds: [{ address: '127.0.0.1', port }],
      },
    },
  })
})
afterAll(async () => {
  await app?.close()
  await responder?.close()
  rmSync(folder, { recursive: true })
  delete process.env['PLENUM_TEST_COMMUNITY']
})

it('is measured, and listed with what it means', async () => {
  const socket = openSocket(app.url, app.token)
  try {
    const readings = socket.iterate(
      'subscription { readings(filter: { name: { eq: "wet" } }, metric: ["pump.flow"]) { resources { name readings(metric: ["pump.flow"]) { value unit } } } }',
    )
    for await (const { readings: batch } of readings) {
      if (batch.resources.length === 0) continue
      expect(batch.resources).toEqual([{ name: 'wet', readings: [{ value: 12.5, unit: 'l/min' }] }])
      break
    }
  } finally {
    await socket.close()
  }
  const { data } = await app.query<{ metrics: { name: string }[] }>('{ metrics { name unit type help } }')
  expect(data!.metrics.find(({ name }) => name === 'pump.flow')).toEqual({
    name: 'pump.flow',
    unit: 'l/min',
    type: 'GAUGE',
    help: 'Litres a minute.',
  })
})
