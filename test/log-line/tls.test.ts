import { connect } from 'node:tls'
import { mkdtempSync, writeFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pino from 'pino'
import { expect, test, vi } from 'vitest'
import { syslogShape } from '../../src/syslog/config.ts'
import { startReceiver } from '../../src/syslog/receiver.ts'
import { certificate, certificateKey } from '../support/certificate.ts'

test('takes messages by TLS, and of senders with a certificate alone where that is asked', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'plenum-syslog-'))
  const path = (name: string) => join(folder, name)
  writeFileSync(path('crt'), certificate)
  writeFileSync(path('key'), certificateKey)
  const taken: string[] = []
  const tls = { port: 0, certificate: path('crt'), key: path('key'), authorities: path('crt') }
  const receiver = await startReceiver(
    syslogShape.parse({ tls }),
    (bytes, sender, transport) => taken.push(`${transport} ${sender} ${new TextDecoder().decode(bytes)}`),
    pino({ level: 'silent' }),
  )
  const send = async (text: string, own: object): Promise<void> => {
    const socket = connect({ port: receiver.ports.tls!, host: '127.0.0.1', ca: certificate, ...own })
    socket.on('error', () => {})
    socket.end(text)
    await new Promise((closed) => socket.resume().once('close', closed))
  }
  await send('9 <13>alone', {})
  await send('8 <13>both<14>next\n', { cert: certificate, key: certificateKey })
  await vi.waitFor(() => expect(taken).toHaveLength(2), { timeout: 60_000 })
  expect(taken).toEqual(['tls 127.0.0.1 <13>both', 'tls 127.0.0.1 <14>next'])
  await receiver.close()
  rmSync(folder, { recursive: true })
})
