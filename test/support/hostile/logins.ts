/** Tokens that must not be believed. */
import { SignJWT, UnsecuredJWT } from 'jose'
import { ask, type Hostile, type Target } from './target.ts'
import { audience } from './issuer.ts'

const body = JSON.stringify({ query: '{ viewer { name } }' })
const now = (): number => Math.floor(Date.now() / 1_000)
const bearing =
  (make: (target: Target) => string | undefined | Promise<string | undefined>): Hostile['send'] =>
  async (target) => {
    const authorization = await make(target)
    return ask(target, { body, headers: { authorization } })
  }
const jwt = (make: (target: Target) => Promise<string> | string): Hostile['send'] =>
  bearing(async (target) => `Bearer ${await make(target)}`)

function tampered(token: string): string {
  const [head, payload, signature] = token.split('.') as [string, string, string]
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as object
  return [
    head,
    Buffer.from(JSON.stringify({ ...claims, sub: 'root' })).toString('base64url'),
    signature,
  ].join('.')
}

const all: readonly [string, Hostile['send']][] = [
  ['no token', bearing(() => undefined)],
  ['a password', bearing(() => `Basic ${btoa('admin:admin')}`)],
  ['a token that nobody made', jwt(() => 'plenum_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa')],
  ['half a token', jwt(({ token }) => token.slice(0, -1))],
  ['SQL for a token', jwt(() => "plenum_'or'1'='1")],
  ['a token of eight kilobytes and more', jwt(() => 'a'.repeat(9_000))],
  [
    'a JWT without a signature (alg none)',
    jwt(({ issuer }) =>
      new UnsecuredJWT({ groups: ['ops'] })
        .setIssuer(issuer.url)
        .setAudience(audience)
        .setSubject('x')
        .setExpirationTime('1h')
        .encode(),
    ),
  ],
  [
    'a JWT signed with the public key as a secret',
    jwt(({ issuer }) =>
      new SignJWT({ groups: ['ops'] })
        .setProtectedHeader({ alg: 'HS256', kid: 'one' })
        .setIssuer(issuer.url)
        .setAudience(audience)
        .setSubject('x')
        .setExpirationTime('1h')
        .sign(issuer.publicKey),
    ),
  ],
  ['a JWT of a key that is not there', jwt(({ issuer }) => issuer.sign({}, { kid: 'two' }))],
  ['a JWT signed by a stranger', jwt(({ issuer }) => issuer.sign({}, {}, 'strange'))],
  [
    'a JWT that names a stranger’s keys',
    jwt(({ issuer }) =>
      issuer.sign({}, { jku: `${issuer.url}/strange`, x5u: `${issuer.url}/strange` } as never, 'strange'),
    ),
  ],
  ['a JWT whose key is a file', jwt(({ issuer }) => issuer.sign({}, { kid: '../../etc/passwd' }))],
  ['a JWT that was changed', jwt(async ({ issuer }) => tampered(await issuer.sign()))],
  ['a JWT that has expired', jwt(({ issuer }) => issuer.sign({ exp: now() - 600 }))],
  ['a JWT that never expires', jwt(({ issuer }) => issuer.sign({ exp: null }))],
  ['a JWT that is not valid yet', jwt(({ issuer }) => issuer.sign({ nbf: now() + 600 }))],
  ['a JWT of the future', jwt(({ issuer }) => issuer.sign({ iat: now() + 600 }))],
  ['a JWT of another issuer', jwt(({ issuer }) => issuer.sign({ iss: 'https://elsewhere.example' }))],
  ['a JWT of no issuer', jwt(({ issuer }) => issuer.sign({ iss: null }))],
  ['a JWT for another audience', jwt(({ issuer }) => issuer.sign({ aud: 'grafana' }))],
  ['a JWT of nobody', jwt(({ issuer }) => issuer.sign({ sub: null }))],
  ['a JWT of somebody without a role', jwt(({ issuer }) => issuer.sign({ groups: ['guests'] }))],
  ['a JWT that is too large', jwt(({ issuer }) => issuer.sign({ padding: 'x'.repeat(7_000) }))],
  ['three words with dots', jwt(() => 'a.b.c')],
]

export const logins: readonly Hostile[] = all.map(([name, send]) => ({
  name,
  due: '401 UNAUTHENTICATED',
  send,
}))

/** As many guesses as are let by, and one more. */
export const guesses = (most: number): Hostile => ({
  name: 'guesses without end',
  due: '429 RATE_LIMITED',
  async send(target) {
    for (let index = 0; index < most; index++) await logins[2]!.send(target)
    return logins[2]!.send(target)
  },
})
