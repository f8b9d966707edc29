/** Containers of blueprints in a real dockerd: what stands is looked for there, not in our tables. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { startTestApp, type TestApp } from '../support/app.ts'
import { hasDockerd, startDockerd, type Dockerd } from '../source/docker/dockerd.ts'
import { asker, fillEstate, pools } from './estate.ts'

const container = (name: string, image: string) => `
  - container:
      source: ${name}
      image: ${image}
      command: [sleep, '3000']
      environment: { MEMBER: '{{member}}', ADDRESS: '{{address}}', GREETING: '{{parameters.greeting}}' }
      network: none`
const blueprint = (name: string, steps: string, rest = '') => `
blueprint: ${name}
description: Boxes.
count: { default: 2, most: 5 }
parameters: { greeting: { type: string, default: hello } }
claims:
  - { class: IPV4_ADDRESS, amount: 1 }
${rest}
steps:${steps}
`

describe.runIf(hasDockerd)('a real dockerd', () => {
  let engine: Dockerd
  let folder: string
  let app: TestApp
  let bot: ReturnType<typeof asker>
  beforeAll(async () => {
    engine = await startDockerd()
    folder = await mkdtemp(join(tmpdir(), 'blueprints-'))
    const all = {
      boxes: blueprint('boxes', container('box', 'box:1')),
      sick: blueprint(
        'sick',
        `${container('box', 'box:1')}
  - check: { url: 'http://127.0.0.1:1/', every: 0.01, within: 0.1 }`,
      ),
      broken: blueprint('broken', container('box', 'box:1') + container('box', 'nothing:1')),
      asked: blueprint('asked', container('box', 'box:1'), 'approval: true'),
      locked: blueprint('locked', container('closed', 'box:1')),
      nowhere: blueprint('nowhere', container('unknown', 'box:1')),
    }
    for (const [name, text] of Object.entries(all)) await writeFile(join(folder, `${name}.yaml`), text)
    app = await startTestApp({
      sources: {
        box: { driver: 'docker', url: engine.url, control: true, perSecond: 1_000 },
        closed: { driver: 'docker', url: engine.url, perSecond: 1_000 },
      },
      allocation: { pools, blueprints: folder, quotas: [{ class: 'IPV4_ADDRESS', limit: 9 }] },
    })
    bot = asker(app)
    await fillEstate(app)
  })
  afterAll(async () => {
    await app?.close()
    await engine?.close()
    if (folder !== undefined) await rm(folder, { recursive: true, force: true })
  })
  afterEach(() => engine.clear())

  const states = async () => (await engine.ps()).map((line) => line.split(' ')[2])
  const used = async () => {
    const { quotas } = await bot.query('{ quotas(tenant: "Tenant:name=blue") { class used } }')
    return quotas.find((one: any) => one.class === 'IPV4_ADDRESS').used
  }
  const operation = async (id: string) =>
    (
      await bot.query(
        `{ operation(id: "${id}", wait: "PT60S") { state progress startedBy approvedBy error { code message retryable } steps { kind name state attempts error { message } } allocation { state } } }`,
      )
    ).operation
  const change = (field: string, id: string, as = app.query) =>
    as<any>(`mutation { ${field}(input: { id: "${id}" }) { operation { state } } }`).then(
      ({ data, errors }) => errors?.[0]?.extensions ?? data[field].operation,
    )

  test('each member has its container, and a release leaves none', async () => {
    const given = await bot.allocate({ name: 'two', blueprint: 'boxes' }, { wait: 'PT60S' })
    expect(given).toMatchObject({ operation: { state: 'SUCCEEDED' }, allocation: { state: 'ACTIVE' } })
    expect(given.allocation.operation).toMatchObject({
      progress: 1,
      steps: [{ state: 'DONE' }, { state: 'DONE' }],
    })
    expect(await states()).toEqual(['running', 'running'])
    const [one] = await engine.call('GET', '/containers/json')
    const { Config } = await engine.call('GET', `/containers/${one.Id}/json`)
    expect(Config.Env).toContain('GREETING=hello')
    const addresses = given.allocation.claims.map(({ unit }: any) => `ADDRESS=${unit}`)
    expect(addresses).toContain(Config.Env.find((text: string) => text.startsWith('ADDRESS=')))
    expect(await used()).toBe('2')

    const released = await bot.release(given.allocation.id, { wait: 'PT60S' })
    expect(released).toMatchObject({ operation: { state: 'SUCCEEDED' }, allocation: { state: 'RELEASED' } })
    expect(await states()).toEqual([])
    expect(await used()).toBe('0')
  })

  test('orphans, both ways: what is of no allocation, and what an allocation has lost', async () => {
    const orphans = async () => {
      const { data, extensions } = await app.query<any>(
        '{ orphans { kind name key reason source { name } allocation { name state } } }',
      )
      expect(extensions).toMatchObject({ sources: { box: { status: 'OK', ageSeconds: 0 } } })
      return data.orphans
    }
    const stand = async (name: string) => {
      const { Id } = await engine.call('POST', `/containers/create?name=${name}`, {
        ...{ Image: 'box:1', Cmd: ['sleep', '3000'], Labels: { 'plenum.made': name } },
        HostConfig: { NetworkMode: 'none' },
      })
      return `container/${Id}`
    }
    const before = await bot.allocate({ name: 'before', blueprint: 'boxes' }, { wait: 'PT60S' })
    const [old] = before.allocation.operation.steps
    await bot.release(before.allocation.id, { wait: 'PT60S' })
    const { allocation } = await bot.allocate({ name: 'holds', blueprint: 'boxes' }, { wait: 'PT60S' })
    expect(await orphans()).toEqual([])

    const stranger = 'plenum-deadbeef-7-1-0'
    const [left, unknown] = [await stand(old.name), await stand(stranger)]
    const [{ name: lost }] = allocation.operation.steps
    const [gone] = await engine.call('GET', `/containers/json?filters=${JSON.stringify({ name: [lost] })}`)
    await engine.call('DELETE', `/containers/${gone.Id}?force=true`)
    const own = { kind: 'container', source: { name: 'box' } }
    const found = await orphans()
    expect(found.toSorted((a: any, b: any) => (a.reason < b.reason ? -1 : 1))).toEqual([
      {
        ...{ ...own, name: old.name, key: left, reason: 'LEFT_BEHIND' },
        allocation: { name: 'before', state: 'RELEASED' },
      },
      {
        ...{ ...own, name: lost, key: `container/${gone.Id}`, reason: 'MISSING' },
        allocation: { name: 'holds', state: 'ACTIVE' },
      },
      { ...own, name: stranger, key: unknown, reason: 'UNKNOWN', allocation: null },
    ])

    // Who sees some tenants only is told of theirs.
    const { createToken } = await bot.query(
      'mutation { createToken(input: { name: "of-red", role: VIEWER, scopes: { tenants: ["Tenant:name=red"] } }) { secret } }',
    )
    const ofRed = await app.query<any>(
      '{ orphans { name } }',
      {},
      { authorization: `Bearer ${createToken.secret}` },
    )
    expect(ofRed.data).toEqual({ orphans: [] })
    expect(JSON.stringify(ofRed.extensions ?? {})).not.toContain('box')
    await bot.release(allocation.id, { wait: 'PT60S' })
  })

  test('what cannot be done whole is undone whole', async () => {
    const { operation: begun } = await bot.allocate({ name: 'half', blueprint: 'broken' }, { wait: 'PT60S' })
    const ended = await operation(begun.id)
    expect(ended).toMatchObject({ state: 'FAILED', progress: 0, allocation: { state: 'FAILED' } })
    expect(ended.error.message).toContain('nothing:1')
    expect(ended.steps.map(({ state }: any) => state)).toEqual(['UNDONE', 'UNDONE', 'PENDING', 'PENDING'])
    expect(await states()).toEqual([])
    expect(await used()).toBe('0')
    const again = await bot.allocate({ name: 'half', blueprint: 'boxes' }, { wait: 'PT60S' })
    expect(again.allocation.state).toBe('ACTIVE')
    await bot.release(again.allocation.id, { wait: 'PT60S' })
  })

  test('what does not pass its check is undone whole', async () => {
    const { operation: begun } = await bot.allocate({ name: 'ill', blueprint: 'sick' }, { wait: 'PT60S' })
    const ended = await operation(begun.id)
    expect(ended).toMatchObject({ state: 'FAILED', allocation: { state: 'FAILED' } })
    expect(ended.error.message).toContain('http://127.0.0.1:1/ did not pass')
    expect(ended.steps.map(({ state }: any) => state)).toEqual(['UNDONE', 'UNDONE', 'PENDING', 'PENDING'])
    expect(await states()).toEqual([])
    expect(await used()).toBe('0')
  })

  test('a container of somebody else is never ended, whatever its name', async () => {
    const [{ epoch }] = (await app.database.db('log_head').select('epoch')) as { epoch: string }[] as [
      { epoch: string },
    ]
    const { rows } = await app.database.db.raw('select max(id) + 1 as next from operation')
    const name = `plenum-${epoch.replaceAll('-', '').slice(0, 8)}-${rows[0].next}-1-0`
    await engine.run(name)
    const { operation: begun } = await bot.allocate({ name: 'theirs', blueprint: 'boxes' }, { wait: 'PT60S' })
    expect(await operation(begun.id)).toMatchObject({ state: 'FAILED' })
    expect((await engine.ps()).map((line) => line.split(' ').slice(1).join(' '))).toEqual([`${name} running`])
  })

  test('a second person must agree, who is another than the first', async () => {
    const { operation: begun, allocation } = await bot.allocate({ name: 'careful', blueprint: 'asked' })
    expect([begun.state, allocation.state]).toEqual(['AWAITING_APPROVAL', 'PENDING'])
    expect(await states()).toEqual([])
    expect(await change('approveOperation', begun.id)).toMatchObject({ code: 'FORBIDDEN' })
    const { createToken } = await bot.query(
      'mutation { createToken(input: { name: "second", role: OPERATOR }) { secret } }',
    )
    const second: TestApp['query'] = (text, variables) =>
      app.query(text, variables, { authorization: `Bearer ${createToken.secret}` })
    expect(await change('approveOperation', begun.id, second)).toMatchObject({
      state: expect.stringMatching(/PENDING|RUNNING|SUCCEEDED/),
    })
    expect(await operation(begun.id)).toMatchObject({
      state: 'SUCCEEDED',
      startedBy: 'admin',
      approvedBy: 'second',
      allocation: { state: 'ACTIVE' },
    })
    expect(await states()).toEqual(['running', 'running'])
    expect(await change('approveOperation', begun.id, second)).toMatchObject({
      code: 'CONFLICT',
      reason: 'STATE',
    })
    expect(await change('cancelOperation', begun.id)).toMatchObject({ code: 'CONFLICT', reason: 'STATE' })
    await bot.release(allocation.id, { wait: 'PT60S' })

    const other = await bot.allocate({ name: 'careful', blueprint: 'asked' })
    await change('cancelOperation', other.operation.id)
    expect(await operation(other.operation.id)).toMatchObject({
      state: 'CANCELLED',
      allocation: { state: 'FAILED' },
    })
    expect(await states()).toEqual([])
    expect(await used()).toBe('0')
  })

  test('a source without control, or none at all, is told before anything is given', async () => {
    const locked = await bot.allocate({ name: 'l', blueprint: 'locked' })
    expect(locked.error).toMatchObject({ code: 'FORBIDDEN', path: 'request.blueprint' })
    const nowhere = await bot.allocate({ name: 'n', blueprint: 'nowhere' })
    expect(nowhere.error).toMatchObject({ code: 'NOT_FOUND', path: 'request.blueprint' })
    expect(await used()).toBe('0')
  })

  test('an engine that is away for a while is waited for, and what stands there is ended when it is back', async () => {
    const { allocation } = await bot.allocate({ name: 'away', blueprint: 'boxes' }, { wait: 'PT60S' })
    await engine.stop()
    const { operation: begun } = await bot.release(allocation.id)
    expect(begun.state).not.toBe('STUCK')
    await engine.start()
    expect(await operation(begun.id)).toMatchObject({ state: 'SUCCEEDED', allocation: { state: 'RELEASED' } })
    expect(await states()).toEqual([])
  })
})
