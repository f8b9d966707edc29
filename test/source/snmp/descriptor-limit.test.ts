import { spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'

/** Runs in a process that has used up its file descriptors: every request must end with an error, none may get lost. */
const script = `
import { openSync } from 'node:fs'
import { encodeOid, pdu, startSnmpClient } from '../../../src/source/snmp/protocol/index.ts'
import { readerOf } from '../../../src/source/snmp/reader.ts'
import { startV3Client } from '../../../src/source/snmp/session.ts'
const client = await startSnmpClient()
const v3 = startV3Client()
try { for (;;) openSync('/dev/null') } catch {}
const oid = encodeOid('1.3.6.1.2.1.1.3.0')
const failures = []
const failure = (asked) => asked.then(() => 'answered', (error) => error.failure)
failures.push(await failure(startSnmpClient()))
const target = client.target({ address: '::1', community: 'public', maxInFlight: 1 })
const request = { type: pdu.get, oids: [oid], nonRepeaters: 0, maxRepetitions: 0 }
const asked = Array.from({ length: 3 }, () => failure(new Promise((answered, failed) => client.send(target, request, { answered, failed }))))
failures.push(...(await Promise.all(asked)))
const session = v3.open({ address: '127.0.0.1', credentials: { user: 'nobody' }, deadlineMs: 5000 })
failures.push(await failure(readerOf(session).get([oid])))
process.stdout.write(failures.join(' '))
await client.close()
v3.close()
`

describe('without file descriptors', () => {
  it('polls fail with an error, and none is lost', () => {
    const command = `ulimit -n 60; exec '${process.execPath}' --input-type=module-typescript -e "$SCRIPT"`
    const { stdout, stderr } = spawnSync('sh', ['-c', command], {
      cwd: import.meta.dirname,
      env: { ...process.env, SCRIPT: script },
      encoding: 'utf8',
      timeout: 20_000,
    })
    expect(`${stdout}${stderr.replace(/^.*Warning.*$/gm, '')}`.trim()).toBe(
      'socket socket socket socket socket',
    )
  })
})
