import { afterEach, describe, expect, it } from 'vitest'
import { encodeOid, startSnmpClient, type SnmpValue } from '../../../src/source/snmp/protocol/index.ts'
import { channelOf, readerOf, type SnmpReader } from '../../../src/source/snmp/reader.ts'
import { Mib, startResponder } from '../../../src/source/snmp/responder/index.ts'
import { startV3Client, type V3Credentials } from '../../../src/source/snmp/session.ts'
import { oracleWalk } from './oracle.ts'
import { seeded } from './fuzz.ts'
import { hasRecordings, mibOf, readRecording, recordingNames } from './recorded.ts'
import { hasSnmpd, startSnmpd } from './snmpd.ts'

const open: { close(): Promise<void> | void }[] = []
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close()
})

async function v2cReader(port: number): Promise<SnmpReader> {
  const client = await startSnmpClient()
  open.push(client)
  const options = { address: '127.0.0.1', port, community: 'public', timeoutMs: 2_000 }
  return readerOf(channelOf(client, client.target(options)))
}

async function walked(reader: SnmpReader, root: string): Promise<[string, SnmpValue][]> {
  const rows: [string, SnmpValue][] = []
  await reader.walk([encodeOid(root)], (_column, cell) =>
    rows.push([`${root}.${cell.index()}`, cell.value()]),
  )
  return rows
}

describe.runIf(hasRecordings)('every value as npm net-snmp reads it', () => {
  it.each(recordingNames)('%s', async (name) => {
    const responder = startResponder()
    open.push(responder)
    const { port } = await responder.add({ mib: readRecording(name) })
    const ours = await walked(await v2cReader(port), '1.3.6.1')
    expect(ours.length).toBeGreaterThan(200)
    expect(ours).toEqual(await oracleWalk(port, '1.3.6.1'))
  })
})

describe('values of every type, also the ends of what they hold', () => {
  it('are read as npm net-snmp reads them', async () => {
    const random = seeded(7)
    const edges: [number, string][] = [
      ...['-2147483648', '-1', '0', '127', '128', '2147483647'].map((n): [number, string] => [2, n]),
      ...[65, 66, 67].flatMap((type) =>
        ['0', '127', '128', '255', '65536', '2147483648', '4294967295'].map((n): [number, string] => [
          type,
          n,
        ]),
      ),
      ...['0', '4294967296', '9007199254740992', '9223372036854775808', '18446744073709551615'].map(
        (n): [number, string] => [70, n],
      ),
      ...Array.from({ length: 400 }, (): [number, string] => [
        70,
        String((BigInt(Math.floor(random() * 2 ** 32)) << 32n) | BigInt(Math.floor(random() * 2 ** 32))),
      ]),
      // Not 2.999: npm net-snmp reads it as 26.39.
      ...['1.3', '1.3.6.1.4294967295', '2.39.3', '0.0'].map((oid): [number, string] => [6, oid]),
      ...['0.0.0.0', '255.255.255.255'].map((address): [number, string] => [64, address]),
      [4, ''],
      [4, 'x'.repeat(600)],
      [5, ''],
    ]
    const responder = startResponder()
    open.push(responder)
    const mib = mibOf(...edges.map(([type, text], i) => `1.3.6.1.4.1.99999.${i + 1}.0|${type}|${text}`))
    const { port } = await responder.add({ mib })
    const ours = await walked(await v2cReader(port), '1.3.6.1.4.1.99999')
    expect(ours).toHaveLength(edges.length)
    expect(ours).toEqual(await oracleWalk(port, '1.3.6.1.4.1.99999'))
  })
})

const v3: [string, V3Credentials][] = [
  ['noAuth', { user: 'nobody' }],
  ['MD5', { user: 'md5', auth: { protocol: 'MD5', password: 'passphrase' } }],
  ['SHA-512', { user: 'sha512', auth: { protocol: 'SHA-512', password: 'passphrase' } }],
  [
    'SHA/AES-128',
    {
      user: 'aes128',
      auth: { protocol: 'SHA', password: 'passphrase' },
      priv: { protocol: 'AES-128', password: 'encryption' },
    },
  ],
  [
    'SHA-384/AES-192',
    {
      user: 'aes192',
      auth: { protocol: 'SHA-384', password: 'passphrase' },
      priv: { protocol: 'AES-192', password: 'encryption' },
    },
  ],
  [
    'SHA-256/AES-256',
    {
      user: 'aes256',
      auth: { protocol: 'SHA-256', password: 'passphrase' },
      priv: { protocol: 'AES-256', password: 'encryption' },
    },
  ],
  [
    'MD5/DES',
    {
      user: 'des',
      auth: { protocol: 'MD5', password: 'passphrase' },
      priv: { protocol: 'DES', password: 'encryption' },
    },
  ],
]
const snmpdConf = [
  'rocommunity public 127.0.0.1',
  'sysName real-agent',
  'sysLocation rack 7',
  'rwuser md5 auth',
  'rouser nobody noauth',
  'createUser nobody',
  'createUser md5 MD5 passphrase',
  'rouser sha512 auth',
  'createUser sha512 SHA-512 passphrase',
  'rouser aes128 priv',
  'createUser aes128 SHA passphrase AES encryption',
  'rouser aes192 priv',
  'createUser aes192 SHA-384 passphrase AES-192 encryption',
  'rouser aes256 priv',
  'createUser aes256 SHA-256 passphrase AES-256 encryption',
  'rouser des priv',
  'createUser des MD5 passphrase DES encryption',
]

describe.runIf(hasSnmpd)('a real snmpd', () => {
  /** What does not change from one walk to the next. */
  const still = [
    '1.3.6.1.2.1.1.9.1.3',
    '1.3.6.1.2.1.2.2.1.2',
    '1.3.6.1.2.1.31.1.1.1.1',
    '1.3.6.1.6.3.10.2.1.1',
  ]

  it('is read over v2c as npm net-snmp reads it', async () => {
    const snmpd = await startSnmpd(snmpdConf)
    open.push(snmpd)
    const reader = await v2cReader(snmpd.port)
    for (const root of still) expect(await walked(reader, root)).toEqual(await oracleWalk(snmpd.port, root))
    expect(await reader.get([encodeOid('1.3.6.1.2.1.1.5.0')])).toEqual([Buffer.from('real-agent')])
  })

  it('is read over v3 as over v2c, with every protocol', async () => {
    const snmpd = await startSnmpd(snmpdConf)
    const sessions = startV3Client()
    open.push(snmpd, sessions)
    const reader = await v2cReader(snmpd.port)
    for (const [name, credentials] of v3) {
      const session = sessions.open({ address: '127.0.0.1', port: snmpd.port, credentials })
      const v3Reader = readerOf(session)
      for (const root of still)
        expect([name, await walked(v3Reader, root)]).toEqual([name, await walked(reader, root)])
      expect(await v3Reader.get([encodeOid('1.3.6.1.2.1.1.5.0'), encodeOid('1.3.6.1.2.1.1.5.9')])).toEqual([
        Buffer.from('real-agent'),
        null,
      ])
      session.close()
    }
  })

  it('refuses a wrong password, and what may not be set, with an error', async () => {
    const snmpd = await startSnmpd(snmpdConf)
    const sessions = startV3Client()
    open.push(snmpd, sessions)
    const at = { address: '127.0.0.1', port: snmpd.port, timeoutMs: 2_000, retries: 0 }
    const wrong = sessions.open({
      ...at,
      credentials: { user: 'md5', auth: { protocol: 'MD5', password: 'wrong-pass' } },
    })
    await expect(readerOf(wrong).get([encodeOid('1.3.6.1.2.1.1.5.0')])).rejects.toMatchObject({
      failure: 'refused',
    })
    const right = sessions.open({ ...at, credentials: v3[1]?.[1] as V3Credentials })
    await expect(right.set([{ oid: '1.3.6.1.2.1.1.3.0', type: 67, value: 1 }])).rejects.toMatchObject({
      failure: 'refused',
    })
  })
})

describe('v3 behind a deadline', () => {
  const credentials: V3Credentials = { user: 'nobody' }

  it('fails when nothing answers, when cancelled and when closed', async () => {
    const responder = startResponder()
    const sessions = startV3Client()
    open.push(responder, sessions)
    const agent = await responder.add({
      mib: new Mib([]),
    })
    const at = { address: '127.0.0.1', port: agent.port, credentials }
    const oid = [encodeOid('1.3.6.1.2.1.1.5.0')]
    const late = readerOf(sessions.open({ ...at, timeoutMs: 5_000, deadlineMs: 20 }))
    await expect(late.get(oid)).rejects.toMatchObject({ failure: 'deadline' })
    const silent = readerOf(sessions.open({ ...at, timeoutMs: 10, retries: 1 }))
    await expect(silent.get(oid)).rejects.toMatchObject({ failure: 'timeout' })
    const cancelled = readerOf(sessions.open({ ...at, timeoutMs: 5_000 }))
    const controller = new AbortController()
    const asked = cancelled.get(oid, controller.signal)
    controller.abort()
    await expect(asked).rejects.toMatchObject({ failure: 'aborted' })
    const session = sessions.open({ ...at, timeoutMs: 5_000 })
    const [first, second] = [readerOf(session).get(oid), readerOf(session).get(oid)]
    session.close()
    await expect(first).rejects.toMatchObject({ failure: 'closed' })
    await expect(second).rejects.toMatchObject({ failure: 'closed' })
  })
})
