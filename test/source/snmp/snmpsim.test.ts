/** snmpsim as a foreign agent of the same recordings: what it answers is read as our own responder has it. */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmod, copyFile, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import {
  encodeOid,
  formatOid,
  startSnmpClient,
  type SnmpClient,
} from '../../../src/source/snmp/protocol/index.ts'
import { readValue } from '../../../src/source/snmp/protocol/value.ts'
import { channelOf, readerOf, type SnmpReader } from '../../../src/source/snmp/reader.ts'
import { hasRecordings, readRecording, recordingFile } from './recorded.ts'
import { freePort } from './snmpd.ts'

const command = ['snmpsimd', 'snmpsim-command-responder'].find(
  (name) => spawnSync(name, ['--help']).error === undefined,
)
if (command === undefined) console.warn('skipped: snmpsim is not installed (apt-get install snmpsim)')
const names = ['junos_qfx5100', 'drac_r640']

async function startSnmpsim(): Promise<{ port: number; close(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'snmpsim-'))
  await mkdir(join(folder, 'data'))
  await mkdir(join(folder, 'cache'))
  for (const name of names) await copyFile(recordingFile(name), join(folder, 'data', `${name}.snmprec`))
  // It refuses to run as root, so another user must get in.
  await Promise.all(['', 'data', 'cache'].map((part) => chmod(join(folder, part), 0o777)))
  const port = await freePort()
  const root = process.getuid?.() === 0 ? ['--process-user=nobody', '--process-group=nogroup'] : []
  const child = spawn(
    command as string,
    [
      `--data-dir=${folder}/data`,
      `--cache-dir=${folder}/cache`,
      `--agent-udpv4-endpoint=127.0.0.1:${port}`,
      '--logging-method=null',
      ...root,
    ],
    { stdio: 'ignore' },
  )
  return {
    port,
    close: async () => {
      const exit = once(child, 'exit')
      child.kill('SIGKILL')
      await exit
      await rm(folder, { recursive: true, force: true })
    },
  }
}

const reader = (client: SnmpClient, port: number, community: string, timeoutMs: number): SnmpReader =>
  readerOf(channelOf(client, client.target({ address: '127.0.0.1', port, community, timeoutMs })))

describe.runIf(command !== undefined && hasRecordings)('a recording that snmpsim replays', () => {
  it('is read value by value as our responder has it', { timeout: 60_000 }, async () => {
    const client = await startSnmpClient()
    const snmpsim = await startSnmpsim()
    const oid = [encodeOid('1.3.6.1.2.1.1.2.0')]
    const first = reader(client, snmpsim.port, names[0] as string, 200)
    await vi.waitFor(() => first.get(oid), { timeout: 40_000 })
    for (const name of names) {
      const read: [string, string][] = []
      for (const root of ['1.0', '1.3'])
        await reader(client, snmpsim.port, name, 5_000).walk([encodeOid(root)], (_column, cell) =>
          read.push([`${root}.${cell.index()}`, String(cell.value())]),
        )
      const recorded = readRecording(name).values.map((value) => [
        formatOid(value.name),
        String(readValue(value.type, value.content, 0, value.content.length)),
      ])
      expect(read).toEqual(recorded)
    }
    await client.close()
    await snmpsim.close()
  })
})
