/** docs/bot.md, followed: both recipes are taken from the page and run as a new user would. */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startTestApp, type TestApp } from '../support/app.ts'
import { freePort } from '../support/neighbour.ts'
import { fillEstate, pools } from '../allocation/estate.ts'

const page = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'bot.md'), 'utf8')
const taken = (language: string, file: string): string =>
  new RegExp(`\`\`\`${language}\\n((?://|#) ${file}\\n.*?)\`\`\``, 's').exec(page)![1]!
const hasCurl = spawnSync('curl', ['--version']).status === 0
if (!hasCurl) console.warn('skipped: curl is not installed')

let folder: string
let app: TestApp
let port: number
let secret: string
const allocation = { pools, quotas: [{ tenant: 'red', class: 'CUSTOM_VLAN', limit: 0 }] }

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'plenum-bot-'))
  writeFileSync(join(folder, 'bot.ts'), taken('ts', 'bot.ts'))
  writeFileSync(join(folder, 'bot.sh'), taken('sh', 'bot.sh'))
  port = await freePort()
  app = await startTestApp({ allocation, env: { PORT: String(port) } })
  await fillEstate(app)
  const scopes = { verbs: ['ALLOCATE'], tenants: ['Tenant:name=blue', 'Tenant:name=red'] }
  const { data, errors } = await app.query<any>(
    'mutation ($input: TokenInput!) { createToken(input: $input) { secret } }',
    { input: { name: 'bot', role: 'OPERATOR', scopes } },
  )
  expect(errors).toBeUndefined()
  secret = data.createToken.secret
}, 120_000)
afterAll(async () => {
  await app.close()
  rmSync(folder, { recursive: true })
})

async function run(
  program: string,
  words: readonly string[],
  env: Record<string, string> = {},
): Promise<{ code: number; out: string; told: string }> {
  const child = spawn(program, words, {
    cwd: folder,
    env: { PATH: process.env['PATH'], PLENUM: app.url, TOKEN: secret, ...env },
  })
  let [out, told] = ['', '']
  child.stdout.on('data', (text) => (out += String(text)))
  child.stderr.on('data', (text) => (told += String(text)))
  const [code] = (await once(child, 'close')) as [number]
  return { code, out, told }
}
const node = (words: readonly string[], env = {}) =>
  run(process.execPath, ['--disable-warning=ExperimentalWarning', 'bot.ts', ...words], env)

test('TypeScript: an address is given and given back', async () => {
  const { code, out, told } = await node(['blue', 'front', 'address'])
  expect(told).toBe('')
  expect(code).toBe(0)
  expect(out).toMatch(/^(allocation\.\d+): IpAddress 10\.20\.0\.\d+\n\1 is released\n$/)
  // The same name again is another allocation, since the first is over.
  expect((await node(['blue', 'front', 'address'])).code).toBe(0)
})

test('TypeScript: run twice, it has the same', async () => {
  const [first, second] = [
    await node(['blue', 'kept', 'vlan'], { KEEP: '1' }),
    await node(['blue', 'kept', 'vlan'], { KEEP: '1' }),
  ]
  expect(first).toMatchObject({ code: 0, out: expect.stringMatching(/^allocation\.\d+: Vlan /) })
  expect(second.out).toBe(first.out)
  // The name has something else.
  const { code, told } = await node(['blue', 'kept', 'address'])
  expect([code, told]).toEqual([1, expect.stringMatching(/^CONFLICT: .*the name has something else/s)])
  expect((await node(['blue', 'kept', 'vlan'])).code).toBe(0)
})

test.each([
  ['QUOTA_EXCEEDED', ['red', 'a', 'vlan'], {}, 'have the quota raised (CUSTOM_VLAN)'],
  ['INVALID_INPUT', ['blue', 'a'.repeat(2_000), 'vlan'], {}, 'mend the request'],
  ['NOT_FOUND', ['blue', 'a', 'castle'], {}, 'look it up again'],
  ['NOT_FOUND', ['nobody', 'a', 'vlan'], {}, 'look it up again'],
  ['UNAUTHENTICATED', ['blue', 'a', 'vlan'], { TOKEN: 'plenum_nonsense' }, 'unknown, expired or revoked'],
])('TypeScript: %s is told with what to do', async (expected, words, env, advice) => {
  const { code, told, out } = await node(words, env)
  expect([code, out]).toEqual([1, ''])
  expect(told).toContain(expected)
  expect(told).toContain(advice)
})

test('TypeScript: where there is no room it says what lacks, and why not where', async () => {
  const all = await Promise.all(
    Array.from({ length: 8 }, (_, index) => node(['blue', `full-${index}`, 'vlan'], { KEEP: '1' })),
  )
  const refused = all.filter(({ code }) => code === 1)
  expect(all.length - refused.length).toBe(5)
  for (const { told } of refused) {
    expect(told).toContain('1 of CUSTOM_VLAN are missing')
    expect(told).toContain('INSUFFICIENT_CAPACITY: there is no room. ask for less, elsewhere, or later')
  }
  for (const [index, { code }] of all.entries())
    if (code === 0) expect((await node(['blue', `full-${index}`, 'vlan'])).code).toBe(0)
})

test.runIf(hasCurl)('curl: an address is given and given back; what is refused is told', async () => {
  const { code, out, told } = await run('sh', ['bot.sh', 'blue', 'by-curl', 'address'])
  expect([code, told]).toEqual([0, ''])
  expect(out).toMatch(/^(allocation\.\d+): 10\.20\.0\.\d+\n\1 is released\n$/)
  const refused = await run('sh', ['bot.sh', 'red', 'x', 'vlan'])
  expect(refused).toMatchObject({ code: 1, out: '', told: expect.stringContaining('QUOTA_EXCEEDED') })
})
