/** GraphQL from the terminal. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startTestApp, type TestApp } from '../support/app.ts'
import { runProgram, startProgram } from '../support/program.ts'

let app: TestApp

beforeAll(async () => {
  app = await startTestApp()
  const { errors } = await app.query(
    `mutation { importInventory(input: { source: "x", items: [
      { kind: Site, name: "north" },
      { kind: Rack, name: "r1", links: [{ type: LOCATED_IN, to: "Site:name=north" }] },
      { kind: Server, name: "web-1", fields: { serialNumber: "CN7420" }, links: [{ type: LOCATED_IN, to: "Rack:name=r1" }] },
      { kind: Server, name: "web-2 with a long name", links: [{ type: LOCATED_IN, to: "Rack:name=r1" }] } ] }) { cursor } }`,
  )
  expect(errors).toBeUndefined()
})
afterAll(() => app.close())

const run = (args: string[], env: NodeJS.ProcessEnv = {}, input?: string) =>
  runProgram(['query', ...args], { PLENUM_URL: app.url, PLENUM_TOKEN: app.token, ...env }, input)

const servers = '{ servers { totalCount nodes { name serialNumber rack { name site { name } } } } }'

test('a table has a row for each node and lines up', async () => {
  const { code, stdout, stderr } = await run([servers, '--format', 'table'])
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(stdout).toBe(
    [
      'servers: 2 of 2',
      '  name                    serialNumber  rack',
      '  web-1                   CN7420        r1 (north)',
      '  web-2 with a long name  -             r1 (north)',
      '',
    ].join('\n'),
  )
})

test('where nobody looks it is JSON, as the server answered', async () => {
  const { stdout } = await run([servers])
  expect(JSON.parse(stdout)).toEqual(await app.query(servers))
})

test('variables, a file, standard input', async () => {
  const document = 'query ($name: String!) { servers(filter: { name: { eq: $name } }) { nodes { name } } }'
  const folder = mkdtempSync(join(tmpdir(), 'plenum-query-'))
  writeFileSync(join(folder, 'servers.graphql'), document)
  const variables = ['-v', '{"name":"web-1"}']
  const answers = await Promise.all([
    run([document, ...variables]),
    run([`@${join(folder, 'servers.graphql')}`, ...variables]),
    run(['-', ...variables], {}, document),
  ])
  rmSync(folder, { recursive: true })
  for (const { stdout } of answers)
    expect(JSON.parse(stdout)).toMatchObject({ data: { servers: { nodes: [{ name: 'web-1' }] } } })
})

test('an error of one root field is told, the others are shown, the exit code is 1', async () => {
  const { code, stdout, stderr } = await run([
    '{ servers { totalCount nodes { name } } resource(ref: "Server:name=nobody") { name } bad: servers(first: -1) { totalCount } }',
    '--format',
    'table',
  ])
  expect(code).toBe(1)
  expect(stdout).toContain('web-1')
  expect(stderr).toMatch(/^bad: .*\n$/)
})

test.each([
  ['no token', ['{ cursor }'], { PLENUM_TOKEN: '' }, /PLENUM_TOKEN/],
  ['a wrong token', ['{ cursor }'], { PLENUM_TOKEN: 'plenum_wrong' }, /token/i],
  [
    'nobody there',
    ['{ cursor }'],
    { PLENUM_URL: 'http://127.0.0.1:1' },
    /Nothing answers at http:\/\/127.0.0.1:1/,
  ],
  ['no URL', ['{ cursor }'], { PLENUM_URL: 'here' }, /here/],
  ['no query', [], {}, /plenum query/],
  ['variables that are no JSON', ['{ cursor }', '-v', '{'], {}, /--variables/],
  ['a format that is none', ['{ cursor }', '--format', 'xml'], {}, /--format/],
  ['a file that is not there', ['@/nowhere.graphql'], {}, /nowhere\.graphql cannot be read/],
  ['what is no GraphQL', ['{ cursor'], {}, /Syntax Error/],
])('%s: one line that says what to do, and exit code 1', async (_, args, env, what) => {
  const { code, stderr } = await run(args, env)
  expect({ code, lines: stderr.trimEnd().split('\n').length, stderr }).toMatchObject({ code: 1, lines: 1 })
  expect(stderr).toMatch(what)
})

const changes =
  'subscription { resourceChanged(filter: { kind: [Site] }, snapshot: true) { events { ... on Created { resource { name } } } } }'

test('a subscription is followed: a line of JSON a message, as many as asked for', async () => {
  const { code, stdout, stderr } = await run([changes, '--first', '1'])
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  const lines = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
  expect(lines).toEqual([{ resourceChanged: { events: [{ resource: { name: 'north' } }] } }])
})

test('a subscription ends with Ctrl-C, without a complaint', async () => {
  const program = startProgram(['query', changes], { PLENUM_URL: app.url, PLENUM_TOKEN: app.token })
  await program.saw(/north/)
  program.kill('SIGINT')
  expect(await program.ended).toMatchObject({ code: 0, stderr: '' })
})

test.each([
  ['a wrong token', [changes], { PLENUM_TOKEN: 'plenum_wrong' }],
  ['a field that is not there', ['subscription { nothing }'], {}],
  ['nobody who listens', [changes], { PLENUM_URL: 'http://127.0.0.1:9' }],
  ['no number of messages', [changes, '--first', 'x'], {}],
])('a subscription with %s is one line and fails', async (_, args, env) => {
  const { code, stdout, stderr } = await run(args, env)
  expect({ code, stdout, lines: stderr.split('\n').length }).toEqual({ code: 1, stdout: '', lines: 2 })
  expect(stderr).toMatch(/^plenum: /)
})
