/** Tokens of a real identity provider, and what somebody would forge of them. */
import { SignJWT, UnsecuredJWT, decodeJwt, generateKeyPair, type JWTPayload } from 'jose'
import pino from 'pino'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startIdentities, type Identities, type Provider } from '../../src/identity/index.ts'
import { audience, startProvider, type TestProvider } from '../support/provider.ts'

let provider: TestProvider
let settings: Provider
let identities: Identities
const start = (changes: Partial<Provider> = {}): Identities =>
  startIdentities({
    providers: [{ ...settings, ...changes }],
    roles: { network: { base: 'operator', kinds: ['Switch', 'Vlan'] } },
    tenantsOf: (names) => names.flatMap((name) => (name === 'acme' ? [7] : [])),
    log: pino({ level: 'silent' }),
    cooldownMs: 0,
  })

beforeAll(async () => {
  provider = await startProvider()
  settings = {
    issuer: provider.issuer,
    audience,
    algorithms: ['RS256', 'ES256'],
    clockSkewSeconds: 5,
    nameClaim: 'client_id',
    rules: [
      { claim: 'groups', is: 'netops', role: 'network' },
      { claim: 'groups', is: 'acme', role: 'viewer', tenantsClaim: 'tenants' },
    ],
  }
  identities = start()
})
afterAll(() => provider.close())

const now = () => Math.floor(Date.now() / 1_000)
const claims = (): JWTPayload => ({
  iss: provider.issuer,
  aud: audience,
  sub: 'netops',
  client_id: 'netops',
  groups: ['netops'],
  iat: now(),
  exp: now() + 60,
})
const sign = (payload: JWTPayload, kid = provider.kid, key = provider.key) =>
  new SignJWT(payload).setProtectedHeader({ alg: 'ES256', kid }).sign(key)

describe('a token that the provider gave', () => {
  test('makes a viewer of the role that its claims give', async () => {
    const jwt = await provider.token()
    const { viewer, expiresAt } = await identities.verify(jwt)
    expect(viewer).toMatchObject({ name: 'oidc:netops', role: 'operator', roleName: 'network' })
    expect([...viewer.writes!.kinds!]).toEqual(['Switch', 'Vlan'])
    expect(viewer.tokenId).toBeLessThan(0)
    expect(viewer.tenants).toBeUndefined()
    expect(expiresAt).toBe(decodeJwt(jwt).exp! * 1_000)
    expect((await identities.verify(await provider.token())).viewer.tokenId).toBe(viewer.tokenId)
  })

  test('shows what its tenants hold and no more', async () => {
    const { viewer } = await identities.verify(await provider.token('acme'))
    expect(viewer).toMatchObject({ name: 'oidc:acme', role: 'viewer' })
    expect(viewer.tenants).toEqual(new Set([7]))
  })

  test('holds until the provider changes its keys, and a new one from then on', async () => {
    const own = start()
    const before = await provider.token()
    await own.verify(before)
    await provider.rotate()
    const after = await provider.token()
    expect((await own.verify(after)).viewer.name).toBe('oidc:netops')
    await expect(own.verify(before)).rejects.toMatchObject({
      code: 'UNAUTHENTICATED',
      message: expect.stringContaining('no key of the provider'),
    })
  })

  test('asks for keys once, not for each token', async () => {
    const own = start()
    const { asked } = provider
    const jwt = await provider.token()
    for (let round = 0; round < 20; round++) await own.verify(jwt)
    expect(provider.asked - asked).toBe(1)
  })
})

describe('a token that it did not give is refused', () => {
  const refused: [string, string, () => Promise<string> | string][] = [
    ['alg none', 'algorithm', () => new UnsecuredJWT(claims()).encode()],
    [
      'the public key taken for a secret',
      'algorithm',
      () =>
        new SignJWT(claims())
          .setProtectedHeader({ alg: 'HS256', kid: provider.kid })
          .sign(new Uint8Array(32)),
    ],
    ['an unknown kid', 'no key of the provider', () => sign(claims(), 'another')],
    [
      'a key of somebody else under its name',
      'signature',
      async () => sign(claims(), provider.kid, (await generateKeyPair('ES256')).privateKey),
    ],
    ['expired', 'expired', () => sign({ ...claims(), exp: now() - 60 })],
    ['not valid yet', 'not valid yet', () => sign({ ...claims(), nbf: now() + 60 })],
    ['issued in the future', 'in the future', () => sign({ ...claims(), iat: now() + 60 })],
    ['of another audience', 'audience', () => sign({ ...claims(), aud: 'urn:other' })],
    ['of another issuer', 'issuer', () => sign({ ...claims(), iss: 'https://evil.example' })],
    [
      'without an end',
      'no exp',
      () => sign(Object.fromEntries(Object.entries(claims()).filter(([key]) => key !== 'exp'))),
    ],
    [
      'without anybody',
      'no sub',
      () => sign(Object.fromEntries(Object.entries(claims()).filter(([key]) => key !== 'sub'))),
    ],
    ['that no rule knows', 'no rule', () => sign({ ...claims(), groups: ['guests'] })],
    ['that was changed', 'signature', async () => changed(await sign(claims()))],
    ['that is none', 'cannot be read', () => 'a.b.c'],
  ]
  const changed = (jwt: string): string => {
    const [head, , signature] = jwt.split('.')
    const body = Buffer.from(JSON.stringify({ ...claims(), groups: ['acme'] })).toString('base64url')
    return `${head}.${body}.${signature}`
  }
  test.each(refused)('%s', async (_, why, make) => {
    await expect(identities.verify(await make())).rejects.toMatchObject({
      code: 'UNAUTHENTICATED',
      message: expect.stringContaining(why),
    })
  })

  test('unless its clock is off by a little', async () => {
    await identities.verify(await sign({ ...claims(), exp: now() - 2 }))
    await identities.verify(await sign({ ...claims(), nbf: now() + 3, iat: now() + 3 }))
  })

  test('and a role that the configuration no longer has gives nothing', async () => {
    const own = start({ rules: [{ claim: 'groups', is: 'netops', role: 'gone' }] })
    await expect(own.verify(await provider.token())).rejects.toMatchObject({ code: 'UNAUTHENTICATED' })
  })
})

test('a provider that is not there is no fault of the token', async () => {
  const own = start({ jwksUrl: 'http://127.0.0.1:1/jwks' })
  await expect(own.verify(await provider.token())).rejects.toMatchObject({ code: 'SOURCE_UNAVAILABLE' })
})
