/** What containers write, beside what came by syslog: from a real dockerd. */
import { createSocket } from 'node:dgram'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { toLines } from '../../../src/source/docker/log.ts'
import { startTestApp, type TestApp } from '../../support/app.ts'
import { freePort } from '../../support/neighbour.ts'
import { hasDockerd, startDockerd, type Dockerd } from './dockerd.ts'

const patience = { timeout: 60_000, interval: 100 }

/** As the engine frames it: which stream, three zeros, how long. */
function framed(stream: number, text: string): Buffer {
  const body = Buffer.from(text)
  const head = Buffer.from([stream, 0, 0, 0, 0, 0, 0, 0])
  head.writeUInt32BE(body.length, 4)
  return Buffer.concat([head, body])
}

test.each([1, 9, 97, 169, 233, 236, 300, 2_700, 16_000])(
  'finds lines of %i bytes among their frames',
  (length) => {
    const time = '2026-11-23T15:00:00.123456789Z'
    const said = ['a', 'b', 'c'].map((letter) => letter.repeat(length))
    const raw = Buffer.concat(said.map((text, index) => framed(1 + (index % 2), `${time} ${text}\n`)))
    expect(toLines(raw.toString('utf8'))).toEqual(
      said.map((text) => ({ at: Date.parse('2026-11-23T15:00:00.123Z'), level: null, text })),
    )
  },
)

test('a terminal has no frames, and an empty log no lines', () => {
  expect(toLines('2026-11-23T15:00:00.5Z one\r\n2026-11-23T15:00:01Z \r\n')).toMatchObject([
    { text: 'one' },
    { text: '' },
  ])
  expect(toLines('')).toEqual([])
})

describe.runIf(hasDockerd)('a real dockerd', () => {
  let engine: Dockerd
  let app: TestApp
  let udp: number

  beforeAll(async () => {
    engine = await startDockerd()
    udp = await freePort()
    app = await startTestApp({
      sources: { box: { driver: 'docker', url: engine.url, perSecond: 1_000 } },
      syslog: { udp },
    })
  }, 120_000)
  afterAll(async () => {
    await app.close()
    await engine.clear()
    await engine.close()
  })

  const ask = async (rest: string) => {
    const { data, errors } = await app.query<any>(
      `{ containers { nodes { name logs(range: { last: "PT1H" }${rest}) { nodes { text severity level store } stores { name status failure } pageInfo { endCursor hasNextPage } } } } }`,
    )
    expect(errors).toBeUndefined()
    return data.containers.nodes[0]
  }

  test('lines of a container and of syslog are one list, page by page, with how each store did', async () => {
    const script =
      'for i in 1 2 3 4 5; do echo out $i; done; echo "ERROR: it broke" >&2; printf "\\033[2Jend\\n"; sleep 3000'
    await engine.run('talker', { Cmd: ['sh', '-c', script] })
    await vi.waitFor(async () => expect((await ask(''))?.logs.nodes).toHaveLength(7), patience)
    const socket = createSocket('udp4')
    await new Promise((sent) =>
      socket.send('<12>Oct 11 22:14:15 talker app: by syslog', udp, '127.0.0.1', sent),
    )
    socket.close()
    await vi.waitFor(async () => expect((await ask('')).logs.nodes).toHaveLength(8), patience)
    const { logs } = await ask('')
    expect(logs.stores).toEqual([
      { name: 'plenum', status: 'OK', failure: null },
      { name: 'box', status: 'OK', failure: null },
    ])
    expect(logs.nodes[0]).toEqual({
      text: 'by syslog',
      severity: 'WARNING',
      level: 'warning',
      store: 'plenum',
    })
    expect(logs.nodes).toContainEqual({
      text: 'ERROR: it broke',
      severity: 'CRITICAL',
      level: null,
      store: 'box',
    })
    expect(logs.nodes).toContainEqual({ text: '\\u001b[2Jend', severity: 'INFO', level: null, store: 'box' })

    const seen: string[] = []
    let after = ''
    for (;;) {
      const page = (await ask(`, first: 3${after}`)).logs
      seen.push(...page.nodes.map(({ text }: any) => text))
      if (!page.pageInfo.hasNextPage) break
      after = `, after: "${page.pageInfo.endCursor}"`
    }
    expect(seen).toEqual(logs.nodes.map(({ text }: any) => text))
    expect((await ask(', contains: "brok"')).logs.nodes).toMatchObject([{ text: 'ERROR: it broke' }])
    expect((await ask(', severity: [CRITICAL]')).logs.nodes).toHaveLength(1)

    const { data } = await app.query<any>(
      '{ logs(filter: { kind: [Container] }, range: { last: "PT1H" }, first: 2) { nodes { text store resource { name } } } }',
    )
    expect(data.logs.nodes[0]).toEqual({ text: 'by syslog', store: 'plenum', resource: { name: 'talker' } })
    expect(data.logs.nodes[1]).toMatchObject({ store: 'box', resource: { name: 'talker' } })
  }, 120_000)

  test('an engine that is gone costs its own lines only, and is told', async () => {
    await engine.stop()
    const { logs } = await ask('')
    expect(logs.nodes).toMatchObject([{ text: 'by syslog' }])
    expect(logs.stores).toMatchObject([{ status: 'OK' }, { name: 'box', status: 'ERROR' }])
    expect(logs.stores[1].failure).not.toBeNull()
    await engine.start()
  }, 120_000)
})
