/** The HTTP API of Prometheus as its clients use it. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startTestApp, type TestApp } from '../../support/app.ts'
import { hasPrometheus } from '../../support/prometheus.ts'
import { fill, seen, type Filled } from './data.ts'

let app: TestApp
let filled: Filled
beforeAll(async () => {
  app = await startTestApp({ limits: { seriesValues: 200_000 } })
  filled = await fill(app, 1)
  await seen(app)
})
afterAll(() => app?.close())

interface Answer {
  status: number
  body: { status: string; errorType?: string; error?: string; data?: any }
}

async function get(
  path: string,
  parameters: Record<string, string> = {},
  authorization = `Bearer ${app.token}`,
): Promise<Answer> {
  const response = await fetch(`${app.url}/api/v1${path}?${new URLSearchParams(parameters)}`, {
    headers: { authorization },
  })
  return { status: response.status, body: (await response.json()) as Answer['body'] }
}

const time = () => String(filled.to / 1_000 - 1_800)
/** By form, as long queries are sent. */
async function query(text: string): Promise<Answer> {
  const response = await fetch(`${app.url}/api/v1/query`, {
    method: 'POST',
    headers: { authorization: `Bearer ${app.token}` },
    body: new URLSearchParams({ query: text, time: time() }),
  })
  return { status: response.status, body: (await response.json()) as Answer['body'] }
}

describe('labels', () => {
  test('say what a resource is and where it belongs', async () => {
    const { body } = await get('/series', { 'match[]': 'hw_power_watts{name="srv-01"}' })
    expect(body.data).toEqual([
      {
        __name__: 'hw_power_watts',
        id: expect.stringMatching(/^\d+$/),
        kind: 'Server',
        label_env: 'prod',
        name: 'srv-01',
        rack: 'r2',
        site: 'one',
        tenant: 'acme',
      },
    ])
    expect((await get('/labels')).body.data).toEqual([
      '__name__',
      'id',
      'kind',
      'label_env',
      'name',
      'rack',
      'site',
      'tenant',
    ])
    expect((await get('/label/rack/values')).body.data).toEqual(['r1', 'r2', 'r3'])
    expect((await get('/label/__name__/values', { 'match[]': '{__name__=~"hw.*"}' })).body.data).toEqual([
      'hw_network_io_bytes_total',
      'hw_power_watts',
    ])
    expect((await get('/metadata', { metric: 'hw_power_watts' })).body.data).toEqual({
      hw_power_watts: [{ type: 'gauge', help: 'Power drawn', unit: 'W' }],
    })
  })
})

describe('who asks', () => {
  test('needs a token: as a bearer, or as the password of a client that only knows passwords', async () => {
    const basic = (password: string) => `Basic ${Buffer.from(`grafana:${password}`).toString('base64')}`
    expect((await get('/query', { query: '1' }, basic(app.token))).status).toBe(200)
    for (const wrong of ['', 'Bearer nothing', basic('nothing'), 'Basic !!', basic('')]) {
      const { status, body } = await get('/query', { query: '1' }, wrong)
      expect({ status, body }).toMatchObject({
        status: 401,
        body: { status: 'error', errorType: 'unauthorized' },
      })
    }
  })

  test('of a tenant finds the series of what is theirs, and no label of anything else', async () => {
    const { data, errors } = await app.query<{ createToken: { secret: string } }>(
      `mutation { createToken(input: { name: "acme", role: VIEWER, scopes: { tenants: ["Tenant:name=acme"] } }) { secret } }`,
    )
    expect(errors).toBeUndefined()
    const theirs = `Bearer ${data!.createToken.secret}`
    const { body } = await get('/query', { query: 'count by (name) (hw_power_watts)', time: time() }, theirs)
    expect(body.data.result.map(({ metric }: any) => metric)).toEqual([{ name: 'srv-01' }])
    expect((await get('/label/name/values', {}, theirs)).body.data).toEqual(['srv-01'])
  })
})

describe('what is asked', () => {
  test.each([
    ['', /missing/],
    ['hw_power_watts[5m', /1\d: parse error/],
    ['sum(hw_power_watts', /parse error: unexpected end/],
    ['{}', /at least one non-empty matcher/],
    ['hw_power_watts{name=~"("}', /no regular expression/],
    ['rate(hw_power_watts)', /expected type range vector in function rate, got instant vector/],
    ['hw_power_watts + hw_power_watts[5m]', /ranges are of selectors only/],
    ['1 < 2', /bool modifier/],
    [
      'histogram_quantile(0.9, hw_power_watts)',
      /histogram_quantile is not supported: series here are plain numbers/,
    ],
    ['nothing_like_it(hw_power_watts)', /nothing_like_it|parse error/],
    ['limitk(2, hw_power_watts)', /limitk is not supported: .*topk/],
    ['hw_power_watts * on(site) system_cpu_utilization_ratio', /many-to-many matching not allowed/],
    ['sum by (site) (hw_power_watts) * on(site) hw_power_watts', /duplicate series/],
    ['label_replace(sum by (name) (hw_power_watts), "name", "x", "name", ".*")', /same labelset/],
    [`${'('.repeat(300)}1${')'.repeat(300)}`, /more than 100 expressions/],
    [`a${'+a'.repeat(30_000)}`, /more than 50000 characters/],
    ['max_over_time(vector(1)[1y:1ms])', /too many steps/],
  ])('badly is told: %s', async (text, message) => {
    const { status, body } = await query(text)
    expect({ status, body }).toMatchObject({ status: 400, body: { status: 'error', errorType: 'bad_data' } })
    expect(body.error).toMatch(message)
  })

  test.each([
    [{ query: '1', start: '0', end: '100000', step: '1' }, /11,000 points/],
    [{ query: '1', start: '100', end: '1', step: '1' }, /before start/],
    [{ query: '1', start: '1', end: '2', step: '0' }, /positive integer/],
    [{ query: '1', start: 'yesterday', end: '2', step: '1' }, /valid timestamp/],
    [{ query: 'hw_power_watts[5m]', start: '1', end: '2', step: '1' }, /range query/],
    [{ query: '1', start: '1', end: '2' }, /"step": it is missing/],
  ])('over a bad range is told: %j', async (parameters, message) => {
    const { status, body } = await get('/query_range', parameters as unknown as Record<string, string>)
    expect({ status, error: body.error }).toEqual({ status: 400, error: expect.stringMatching(message) })
  })

  test('that needs more samples than an answer may hold is refused', async () => {
    const small = await startTestApp({ database: app.database, limits: { seriesValues: 100 } })
    try {
      const response = await fetch(`${small.url}/api/v1/query?query=count_over_time({kind="Server"}[1d])`, {
        headers: { authorization: `Bearer ${app.token}` },
      })
      expect(response.status).toBe(422)
      expect(await response.json()).toMatchObject({
        errorType: 'execution',
        error: expect.stringContaining('shorter range'),
      })
    } finally {
      await small.close()
    }
  })

  test('with regular expressions that are made to take for ever is answered', async () => {
    const { body } = await query('count(last_over_time({name=~"(a+)+$|(srv-0+)+.*"}[2h]))')
    expect(body.data.result[0].value[1]).toBe('30')
  })
})

describe.skipIf(!hasPrometheus)('promtool', () => {
  const promtool = async (...given: string[]): Promise<string> => {
    const child = spawn('promtool', given)
    const ended = once(child, 'close')
    let text = ''
    child.stdout.on('data', (chunk) => (text += String(chunk)))
    child.stderr.on('data', (chunk) => (text += String(chunk)))
    await ended
    return text
  }
  const url = () => app.url.replace('//', `//promtool:${app.token}@`)

  test('asks at an instant, over a range, for series and labels', async () => {
    expect(
      await promtool(
        'query',
        'instant',
        `--time=${time()}`,
        url(),
        'count(count_over_time(hw_power_watts[2h])) by (site)',
      ),
    ).toMatch(/^\{site="one"\} => 7 @\[\d+(\.\d+)?\]\n\{site="two"\} => 3 /)
    const range = await promtool(
      'query',
      'range',
      `--start=${Number(time()) - 60}`,
      `--end=${time()}`,
      '--step=30s',
      url(),
      'vector(3)',
    )
    expect(range.match(/3 @\[/g)).toHaveLength(3)
    expect(await promtool('query', 'series', '--match=hw_power_watts{name="srv-00"}', url())).toContain(
      'name="srv-00"',
    )
    expect(await promtool('query', 'labels', url(), 'site')).toBe('one\ntwo\n')
  })
})
