/** The pages for browsers: from our own files only, and working in a real browser where there is one. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parse, validate } from 'graphql'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { buildSchema } from '../../src/api/schema/index.ts'
import { startTestApp, type TestApp } from '../support/app.ts'

let app: TestApp
beforeAll(async () => {
  app = await startTestApp()
})
afterAll(() => app.close())

const samples = (await readFile(new URL('../../src/api/console/samples.graphql', import.meta.url), 'utf8'))
  .split(/^(?=## )/m)
  .filter((part) => part.startsWith('## '))

describe('pages', () => {
  test.each(['/', '/graphiql'])('%s and all that it loads comes from here', async (path) => {
    const response = await fetch(app.url + path)
    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8')
    const html = await response.text()
    const links = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, link]) => link as string)
    for (const link of links) {
      expect(link).toMatch(/^\//)
      const loaded = await fetch(app.url + link)
      if (!link.startsWith('/health')) expect([link, loaded.status]).toEqual([link, 200])
      await loaded.arrayBuffer()
    }
    expect(html).not.toMatch(/<script(?![^>]*src=)|style="|onclick=/)
  })

  test('are not sent again to who has them', async () => {
    const whole = await fetch(`${app.url}/graphiql/graphiql.js`)
    await whole.arrayBuffer()
    const etag = whole.headers.get('etag')!
    const again = await fetch(`${app.url}/graphiql/graphiql.js`, { headers: { 'if-none-match': etag } })
    expect(again.status).toBe(304)
  })

  test.each(samples.map((text) => [text.split('\n', 1)[0]!.slice(3), text]))('sample: %s', (_, text) => {
    expect(validate(buildSchema(), parse(text)).map(({ message }) => message)).toEqual([])
  })
})

const chromium = [
  process.env['CHROMIUM'],
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
].find((path) => path !== undefined && existsSync(path))
if (chromium === undefined)
  console.log('GraphiQL in a browser: skipped, there is no chromium (or name one by CHROMIUM)')

test.skipIf(chromium === undefined)(
  'GraphiQL logs in, asks and follows in a real browser',
  { timeout: 120_000 },
  async () => {
    await app.query(
      'mutation { importInventory(input: { items: [{ kind: Rack, name: "r07" }, { kind: Server, name: "web-1" }] }) { cursor } }',
    )
    const { chromium: browserType } = await import('playwright-core')
    const folder = mkdtempSync(join(tmpdir(), 'plenum-browser-'))
    const browser = await browserType.launchPersistentContext(folder, {
      executablePath: chromium!,
      args: ['--no-sandbox', '--disable-gpu'],
      viewport: { width: 1400, height: 900 },
    })
    try {
      const page = await browser.newPage()
      const problems: string[] = []
      const foreign: string[] = []
      page.on('console', (message) => message.type() === 'error' && problems.push(message.text()))
      page.on('pageerror', (error) => problems.push(String(error)))
      page.on('request', (request) => request.url().startsWith(app.url) || foreign.push(request.url()))
      const shown = (selector: string, text: string) =>
        page.locator(selector).filter({ hasText: text }).first().waitFor({ timeout: 5_000 })
      const look = async (name: string) => {
        const shots = process.env['SCREENSHOTS']
        if (shots) await page.screenshot({ path: join(shots, `${name}.png`) })
      }

      await page.goto(`${app.url}/graphiql`)
      await page.fill('#token', 'plenum_wrong')
      await page.click('#login button')
      await shown('#problem', 'unknown, expired or revoked')
      await look('login')
      // The browser itself notes the 401.
      expect(problems.splice(0).filter((text) => !text.includes('401'))).toEqual([])

      await page.fill('#token', app.token)
      await page.click('#login button')
      await page.waitForSelector('.graphiql-execute-button')
      expect(await page.textContent('#who')).toBe('admin (admin)')
      expect(await page.locator('.graphiql-tab').count()).toBe(samples.length)

      await page.click('.graphiql-execute-button')
      await shown('.result-window', 'web-1')
      await look('query')

      await page.locator('.graphiql-tab').last().locator('button').first().click()
      await shown('.graphiql-query-editor', 'resourceChanged')
      // Just after a change of tabs GraphiQL may still send the former one's operation name.
      await expect
        .poll(
          async () => {
            if (await page.locator('button[aria-label^="Stop"]').count())
              await page.click('.graphiql-execute-button')
            await page.click('.graphiql-execute-button')
            return shown('.result-window', 'r07').then(
              () => true,
              () => false,
            )
          },
          { timeout: 30_000 },
        )
        .toBe(true)
      await app.query(
        'mutation { importInventory(input: { items: [{ kind: Rack, name: "r08" }] }) { cursor } }',
      )
      await shown('.result-window', 'r08')
      await look('subscription')

      await page.locator('button[aria-label="Show Documentation Explorer"]').click()
      await page.waitForSelector('.graphiql-doc-explorer-content')
      await shown('.graphiql-doc-explorer-content', 'Query')
      await look('reference')

      expect(foreign.filter((url) => !url.startsWith('data:') && !url.startsWith('blob:'))).toEqual([])
      expect(problems).toEqual([])
    } finally {
      await browser.close()
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
    }
  },
)
