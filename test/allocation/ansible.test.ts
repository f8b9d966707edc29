/** Configuration by Ansible: real playbooks over real SSH. Done, told while it goes on, failing, not reached; taken back and released; nothing that is asked for is run. */
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { parseBlueprint } from '../../src/allocation/blueprint/index.ts'
import { checkPlaybooks } from '../../src/allocation/step/index.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { asker, fillEstate, pools } from './estate.ts'
import { hasAnsible, startHost, type Host } from './host.ts'

const patience = { timeout: 60_000, interval: 100 }
const blueprint = (name: string, host: Pick<Host, 'port' | 'privateKey' | 'place'>, rest = '') => `
blueprint: ${name}
description: An address, and a host that is configured for it.
count: { default: 1, most: 3 }
parameters:
  greeting: { type: string, default: good day }
  loud: { type: boolean, default: false }
  port: { type: integer, default: ${host.port} }
claims:
  - { class: IPV4_ADDRESS, amount: 1 }
steps:
  - ansible:
      playbook: ${name}.yml
      undo: undo.yml
      host: 127.0.0.1
      port: '{{parameters.port}}'
      privateKey: file:${host.privateKey}
      groups: [web]
      variables: { greeting: '{{parameters.greeting}}', loud: '{{parameters.loud}}', place: ${host.place} }
      secrets: { password: 'env:TEST_ANSIBLE_PASSWORD' }
      ${rest}
`
const file = '{{ place }}/{{ plenum.name }}-{{ plenum.member }}'
const playbooks = {
  web: `
- hosts: web
  tasks:
    - name: greet
      copy: { dest: '${file}', content: '{{ {"greeting": greeting, "loud": loud, "password": password, "about": plenum} | to_json }}' }
    - name: wait for a person
      wait_for: { path: '{{ place }}/go', timeout: 60, sleep: 1 }
      when: loud
`,
  undo: `
- hosts: all
  gather_facts: false
  tasks:
    - file: { path: '${file}', state: absent }
    - copy: { dest: '{{ place }}/undone-{{ plenum.name }}', content: '{{ plenum.action }}' }
`,
  failing: `
- hosts: all
  gather_facts: false
  tasks:
    - copy: { dest: '${file}', content: made }
    - name: ask for the impossible
      fail: { msg: 'not with {{ password }}' }
`,
  elsewhere: '- hosts: database\n  tasks: [{ ping: {} }]\n',
  broken: '- hosts: all\n  tasks: [{ no_such_module: {} }]\n',
}
const secret = 'hush {{ 7 * 7 }} hush'

describe.skipIf(!hasAnsible)('a host over SSH (needs ansible-core and openssh-server)', () => {
  let host: Host
  let folder: string
  let app: TestApp
  let bot: ReturnType<typeof asker>
  beforeAll(async () => {
    process.env['TEST_ANSIBLE_PASSWORD'] = secret
    host = await startHost()
    folder = await mkdtemp(join(tmpdir(), 'blueprints-'))
    for (const [name, text] of Object.entries(playbooks)) await host.write(`${name}.yml`, text)
    for (const name of ['web', 'failing', 'elsewhere', 'broken'])
      await writeFile(join(folder, `${name}.yaml`), blueprint(name, host, 'reach: 2'))
    app = await startTestApp({
      allocation: { pools, blueprints: folder, playbooks: host.playbooks },
    })
    bot = asker(app)
    await fillEstate(app)
  })
  afterAll(async () => {
    await app?.close()
    await host?.close()
    if (folder !== undefined) await rm(folder, { recursive: true, force: true })
    delete process.env['TEST_ANSIBLE_PASSWORD']
  })

  const operation = async (id: string, wait = 'PT60S') =>
    (
      await bot.query(
        `{ operation(id: "${id}", wait: "${wait}") { state progress error { code message retryable } steps { kind state attempts progress message } allocation { state } } }`,
      )
    ).operation
  const ended = async (id: string) => {
    for (;;) {
      const now = await operation(id)
      if (!['PENDING', 'RUNNING', 'UNWINDING'].includes(now.state)) return now
    }
  }
  const made = (name: string) => join(host.place, name)
  const used = async () => {
    const { rows } = await app.database.db.raw('select count(*)::int as count from claim')
    return rows[0].count
  }

  test('it is run with what was asked for, told while it goes on, and taken back by the release', async () => {
    const greeting = `'"; touch ${made('stolen')} # 안녕 \\n $(id)`
    const given = await bot.allocate({
      ...{ name: 'shop', blueprint: 'web', parameters: { greeting, loud: true } },
    })
    const told = await vi.waitFor(async () => {
      const now = await operation(given.operation.id, 'PT0S')
      expect(now.steps[0].message).toBe('task 3 of 3: wait for a person')
      return now
    }, patience)
    expect(told.steps[0]).toMatchObject({ kind: 'ansible', state: 'RUNNING', attempts: 1 })
    expect(told.steps[0].progress).toBeCloseTo(2 / 3)
    expect(told.progress).toBeCloseTo(2 / 3)
    await writeFile(made('go'), '')
    expect(await ended(given.operation.id)).toMatchObject({
      ...{ state: 'SUCCEEDED', progress: 1, allocation: { state: 'ACTIVE' } },
      steps: [{ state: 'DONE', progress: null, message: null }],
    })
    const { about, ...content } = JSON.parse(await readFile(made('shop-1'), 'utf8'))
    expect(content).toEqual({ greeting, loud: true, password: secret })
    expect(about).toMatchObject({ action: 'configure', name: 'shop', tenant: 'blue', member: 1 })
    expect(about).toMatchObject({ allocation: given.allocation.id, address: given.allocation.claims[0].unit })
    expect(existsSync(made('stolen'))).toBe(false)

    const { operation: release } = await bot.release(given.allocation.id)
    expect(await ended(release.id)).toMatchObject({ state: 'SUCCEEDED', allocation: { state: 'RELEASED' } })
    expect(existsSync(made('shop-1'))).toBe(false)
    expect(await readFile(made('undone-shop'), 'utf8')).toBe('release')
  })

  test('what fails is told by its task, without secrets, and taken back', async () => {
    const { operation: begun } = await bot.allocate({ name: 'bad', blueprint: 'failing' })
    const failed = await ended(begun.id)
    expect(failed).toMatchObject({ state: 'FAILED', allocation: { state: 'FAILED' } })
    expect(failed.error.message).toBe('failing.yml: task "ask for the impossible" failed: not with ***')
    expect(existsSync(made('bad-1'))).toBe(false)
    expect(await readFile(made('undone-bad'), 'utf8')).toBe('undo')
    const { rows } = await app.database.db.raw(
      "select (select string_agg(row_to_json(operation_step)::text, '') from operation_step) || (select string_agg(body::text, '') from event) as kept",
    )
    expect(rows[0].kept).toContain('env:TEST_ANSIBLE_PASSWORD')
    expect(rows[0].kept).not.toContain('7 * 7')
  })

  test.each([
    ['elsewhere', 'elsewhere.yml has nothing for this host: its plays are for other hosts or groups'],
    ['broken', /^broken\.yml: couldn't resolve module\/action 'no_such_module'/],
  ])('a playbook that is wrong is told: %s', async (name, reason) => {
    const { operation: begun } = await bot.allocate({ name, blueprint: name })
    const failed = await ended(begun.id)
    expect(failed).toMatchObject({ state: 'FAILED', steps: [{ attempts: expect.any(Number) }] })
    expect(failed.error.message).toMatch(reason)
  })

  test.each([
    ['a lookup', { greeting: `{{ lookup('pipe', 'touch stolen') }}` }, 'would be read as a template'],
    ['a statement', { greeting: '{% set a = 1 %}' }, 'would be read as a template'],
    ['a port that is none', { port: 0 }, 'The port is none'],
  ])('%s is refused, and nothing is given', async (_, parameters, reason) => {
    const before = await used()
    const { error } = await bot.allocate({ name: 'refused', blueprint: 'web', parameters })
    expect(error).toMatchObject({ code: 'INVALID_INPUT', path: 'request.parameters' })
    expect(error.message).toContain(reason)
    expect(await used()).toBe(before)
  })

  test('a host that is not reached is tried for as long as is said; the undo needs a person then', async () => {
    const { operation: begun } = await bot.allocate({
      ...{ name: 'away', blueprint: 'web', parameters: { port: 1 } },
    })
    const told = await vi.waitFor(async () => {
      const now = await operation(begun.id, 'PT0S')
      expect(now.state).toBe('UNWINDING')
      return now
    }, patience)
    expect(told.error.message).toMatch(/^web\.yml: the host is not reached: .*Connection refused/)
    expect(await readdir(host.place)).not.toContain('away-1')
  })
})

const form = (rest: string) =>
  blueprint('web', { port: 1, privateKey: '/k', place: '/p' }).replace('playbook: web.yml', rest)
test.each([
  ['a folder above', form('playbook: ../web.yml'), 'a playbook is a file of the folder'],
  ['another place', form('playbook: /etc/web.yml'), 'a playbook is a file of the folder'],
  ['what is asked for', form("playbook: '{{parameters.greeting}}.yml'"), 'without places'],
  ['a secret itself', form('playbook: web.yml').replace('env:TEST_ANSIBLE_PASSWORD', 'hush'), 'by reference'],
  [
    'a secret that is asked for',
    form('playbook: web.yml').replace('env:TEST', 'env:{{name}}'),
    'by reference',
  ],
])('a blueprint with a playbook of %s is refused', (_, text, reason) => {
  expect(() => parseBlueprint(text, 'x.yaml')).toThrow(reason)
})

test.each([
  ['no folder', undefined, 'The blueprint web has the playbook web.yml: set allocation.playbooks'],
  ['a folder without it', '/nonexistent', '/nonexistent/web.yml, which cannot be read (ENOENT)'],
])('a playbook and %s is refused at the start', async (_, folder, reason) => {
  const parsed = parseBlueprint(form('playbook: web.yml'), 'web.yaml')
  await expect(checkPlaybooks([parsed], folder)).rejects.toThrow(reason)
})
