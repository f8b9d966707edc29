/** Our own TLS; and no tokens over a network without it. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parseConfig } from '../../src/config.ts'
import { startTestApp } from '../support/app.ts'

const hasOpenssl = (() => {
  try {
    execFileSync('openssl', ['version'])
    return true
  } catch {
    return false
  }
})()

test.skipIf(!hasOpenssl)('answers over TLS with the certificate of the configuration', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'plenum-tls-'))
  const [certificate, key, config] = ['tls.crt', 'tls.key', 'plenum.yaml'].map((name) => join(folder, name))
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1']
  const made = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2']
  const files = ['-out', certificate!, '-keyout', key!]
  execFileSync('openssl', ['req', '-x509', ...made, ...subject, ...files], { stdio: 'ignore' })
  writeFileSync(config!, `http: { tls: { certificate: ${certificate}, key: ${key} } }\n`)
  const app = await startTestApp({ env: { PLENUM_CONFIG: config! } })
  try {
    expect(app.url).toMatch(/^https:/)
    const ca = readFileSync(certificate!)
    const status = await new Promise((resolve, reject) => {
      const sent = request(`${app.url}/health/ready`, { ca, agent: false }, (response) => {
        response.resume()
        resolve(response.statusCode)
      })
      sent.on('error', reject)
      sent.end()
    })
    expect(status).toBe(200)
  } finally {
    await app.close()
    rmSync(folder, { recursive: true })
  }
})

test('a host that others reach needs TLS or a proxy that speaks it', () => {
  expect(() => parseConfig('http: { host: 0.0.0.0 }', 'it')).toThrow(/in the clear/)
  expect(parseConfig('http: { host: 0.0.0.0, behindProxy: true }', 'it').http.behindProxy).toBe(true)
  expect(parseConfig('http: { host: "::", tls: { certificate: a, key: b } }', 'it').http.tls).toBeDefined()
})
