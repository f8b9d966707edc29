/** Lines by syslog from real senders, and what the graph tells of them. */
import { execFile } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { connect } from 'node:net'
import { hostname } from 'node:os'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { startTestApp, type TestApp } from '../support/app.ts'
import { freePort } from '../support/neighbour.ts'

const run = promisify(execFile)
const patience = { timeout: 60_000, interval: 50 }
let app: TestApp
let udp: number
let tcp: number

/** What logger says that it runs on. */
const ownName = hostname().split('.', 1)[0]!

async function add(items: readonly object[]): Promise<void> {
  const { errors } = await app.query(
    `mutation ($items: [InventoryItemInput!]!) { importInventory(input: { source: "test", items: $items }) { cursor } }`,
    { items },
  )
  expect(errors).toBeUndefined()
}

beforeAll(async () => {
  ;[udp, tcp] = [await freePort(), await freePort()]
  app = await startTestApp({ syslog: { udp, tcp, lineBytes: 600 } })
  const items = [
    { kind: 'Server', name: ownName },
    { kind: 'Tenant', name: 'blue' },
    { kind: 'Tenant', name: 'red' },
    { kind: 'Server', name: 'srv-1', links: [{ type: 'OWNED_BY', to: 'Tenant:name=blue' }] },
    { kind: 'Switch', name: 'leaf-1' },
    {
      kind: 'NetworkInterface',
      name: 'Gi0/1',
      links: [{ type: 'PART_OF', to: 'Switch:name=leaf-1' }],
    },
  ]
  await add(items)
}, 120_000)
afterAll(() => app.close())

const fields = 'at toldAt severity level program text store resource { name } interface { name }'
const linesOf = async (ref: string, contains: string): Promise<any[]> => {
  const { data, errors } = await app.query<any>(
    `query ($ref: Ref!, $contains: String) { resource(ref: $ref) { logs(range: { last: "PT1H" }, contains: $contains) { nodes { ${fields} } } } }`,
    { ref, contains },
  )
  expect(errors).toBeUndefined()
  return data.resource.logs.nodes
}

async function sendUdp(...messages: (string | Buffer)[]): Promise<void> {
  const socket = createSocket('udp4')
  for (const message of messages) await new Promise((sent) => socket.send(message, udp, '127.0.0.1', sent))
  socket.close()
  await once(socket, 'close')
}

async function sendTcp(text: string): Promise<void> {
  const socket = connect(tcp, '127.0.0.1')
  await once(socket, 'connect')
  socket.end(text)
  await once(socket.resume(), 'close')
}

test.each([
  ['UDP, RFC 3164', ['-d', '--rfc3164'], () => udp],
  ['UDP, RFC 5424', ['-d', '--rfc5424=notq'], () => udp],
  ['TCP, lines', ['-T', '--rfc5424'], () => tcp],
  ['TCP, counted', ['-T', '--rfc5424', '--octet-count'], () => tcp],
])('takes what logger sends: %s', async (name, options, port) => {
  const word = name.replaceAll(/\W/g, '')
  await run('logger', [
    ...['-n', '127.0.0.1', '-P', String(port()), '-t', 'deploy', '-p', 'user.err'],
    ...options,
    `release ${word} failed`,
  ])
  await vi.waitFor(async () => {
    expect(await linesOf(`Server:name=${ownName}`, word)).toMatchObject([
      {
        severity: 'CRITICAL',
        level: 'err',
        program: 'deploy',
        text: `release ${word} failed`,
        store: 'plenum',
      },
    ])
  }, patience)
})

test('finds the interface that a line names, and gives the line at both', async () => {
  await sendUdp('<187>Oct 11 22:14:15 leaf-1.example.net bgpd: Interface Gi0/1, changed state to down')
  await vi.waitFor(async () => {
    expect(await linesOf('Switch:name=leaf-1', 'changed stat')).toMatchObject([
      { resource: { name: 'leaf-1' }, interface: { name: 'Gi0/1' } },
    ])
  }, patience)
  const { data } = await app.query<any>(
    `{ logs(filter: { kind: [NetworkInterface] }, range: { last: "PT1H" }) { nodes { text resource { name } } stores { name status failure } }
       networkInterfaces { nodes { logs(range: { last: "PT1H" }) { nodes { text } } } } }`,
  )
  expect(data.logs.nodes).toMatchObject([{ resource: { name: 'leaf-1' } }])
  expect(data.networkInterfaces.nodes[0].logs.nodes).toHaveLength(1)
  expect(data.logs.stores).toEqual([{ name: 'plenum', status: 'OK', failure: null }])
})

test('gives a set page by page, newest first, each line once', async () => {
  await sendTcp(
    Array.from({ length: 25 }, (_, at) => `<14>Oct 11 22:14:15 srv-1 pager: number ${at}\n`).join(''),
  )
  await vi.waitFor(
    async () => expect(await linesOf('Server:name=srv-1', 'number')).toHaveLength(25),
    patience,
  )
  const seen: string[] = []
  let after: string | null = null
  do {
    const { data, errors }: any = await app.query<any>(
      `query ($after: PageCursor) { logs(filter: { kind: [Server] }, range: { last: "PT1H" }, contains: "number", severity: [INFO], first: 4, after: $after) {
         edges { cursor node { text } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }`,
      { after },
    )
    expect(errors).toBeUndefined()
    expect(data.logs.pageInfo.hasPreviousPage).toBe(after !== null)
    seen.push(...data.logs.edges.map(({ node }: any) => node.text))
    after = data.logs.pageInfo.hasNextPage ? data.logs.pageInfo.endCursor : null
  } while (after !== null)
  expect(seen).toEqual(Array.from({ length: 25 }, (_, at) => `number ${24 - at}`))
})

test('bears garbage, and lines that pretend to be more or other than they are', async () => {
  await sendTcp('9999999999 x')
  await sendUdp(
    Buffer.from([0xff, 0xfe, 0]),
    '',
    '<14>Oct 11 22:14:15 nobody-knows-me app: forged unknown',
    `<14>Oct 11 22:14:15 srv-1 app: forged first\n<10>Oct 11 22:14:15 leaf-1 app: forged second\u001b[2J`,
    `<14>Oct 11 22:14:15 srv-1 app: forged ${'long '.repeat(1_000)}`,
  )
  await vi.waitFor(async () => expect(await linesOf('Server:name=srv-1', 'forged')).toHaveLength(2), patience)
  const texts = (await linesOf('Server:name=srv-1', 'forged')).map(({ text }) => text)
  expect(texts[0]).toMatch(/^forged (long )+.* …$/)
  expect(texts[0].length).toBeLessThan(620)
  expect(texts[1]).toBe('forged first\\u000a<10>Oct 11 22:14:15 leaf-1 app: forged second\\u001b[2J')
  expect(await linesOf('Switch:name=leaf-1', 'forged')).toEqual([])
})

test('a tenant is told what was written while it held the resource, and nothing of others', async () => {
  const { data: made } = await app.query<any>(
    `mutation { blue: createToken(input: { name: "blue", role: VIEWER, scopes: { tenants: ["Tenant:name=blue"] } }) { secret }
       red: createToken(input: { name: "red", role: VIEWER, scopes: { tenants: ["Tenant:name=red"] } }) { secret } }`,
  )
  await sendUdp(
    '<14>Oct 11 22:14:15 srv-1 app: private-word of blue',
    '<14>Oct 11 22:14:15 leaf-1 app: private-word of nobody',
  )
  const question =
    '{ logs(filter: {}, range: { last: "PT1H" }, contains: "private-word") { nodes { text } } }'
  const asAll = async () => (await app.query<any>(question)).data.logs.nodes
  await vi.waitFor(async () => expect(await asAll()).toHaveLength(2), patience)
  const as = async (secret: string) =>
    (await app.query<any>(question, {}, { authorization: `Bearer ${secret}` })).data.logs.nodes
  expect(await as(made.blue.secret)).toEqual([{ text: 'private-word of blue' }])
  expect(await as(made.red.secret)).toEqual([])
  await add([{ kind: 'Server', name: 'srv-1', links: [{ type: 'OWNED_BY', to: 'Tenant:name=red' }] }])
  const { data: now } = await app.query<any>('{ resource(ref: "Server:name=srv-1") { tenant { name } } }')
  expect(now.resource.tenant).toEqual({ name: 'red' })
  expect(await as(made.red.secret)).toEqual([])
  expect(await as(made.blue.secret)).toEqual([])
})

test('refuses what is no word, and ranges that cannot be', async () => {
  const ask = async (rest: string) =>
    (await app.query<any>(`{ logs(filter: {}, ${rest}) { nodes { text } } }`)).errors?.[0]?.extensions?.code
  expect(await ask('range: { last: "PT1H" }, contains: "--"')).toBe('INVALID_INPUT')
  expect(await ask('range: {}')).toBe('INVALID_INPUT')
  expect(await ask(`range: { last: "PT1H" }, contains: "${'a '.repeat(21)}"`)).toBe('INVALID_INPUT')
  expect(await ask(`range: { last: "PT1H" }, contains: "it's \\\\ a ' & | ! <-> :* word"`)).toBeUndefined()
})
