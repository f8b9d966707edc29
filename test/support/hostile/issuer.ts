/** An identity provider whose keys we hold, and somebody else's keys: for tokens that must not be believed. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { SignJWT, exportJWK, generateKeyPair, type JWTHeaderParameters, type JWTPayload } from 'jose'

export interface Issuer {
  url: string
  /** A good token unless something is said otherwise; `null` leaves a claim out. */
  sign(
    claims?: Record<string, unknown>,
    header?: Partial<JWTHeaderParameters>,
    by?: 'own' | 'strange',
  ): Promise<string>
  /** The public key as text: what a confused verifier takes for a shared secret. */
  publicKey: Uint8Array
  /** Requests for anything but the keys. */
  strayed: string[]
  close(): Promise<void>
}

export const audience = 'plenum-hostile'

export async function startIssuer(): Promise<Issuer> {
  const own = await generateKeyPair('RS256', { extractable: true })
  const strange = await generateKeyPair('RS256', { extractable: true })
  const jwk = { ...(await exportJWK(own.publicKey)), kid: 'one', alg: 'RS256', use: 'sig' }
  const strayed: string[] = []
  const server = createServer(({ url = '' }, response) => {
    if (url === '/keys') return void response.end(JSON.stringify({ keys: [jwk] }))
    strayed.push(url)
    response.writeHead(404).end()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    url,
    publicKey: new TextEncoder().encode(JSON.stringify(jwk)),
    strayed,
    sign(claims = {}, header = {}, by = 'own') {
      const now = Math.floor(Date.now() / 1_000)
      const all = {
        iss: url,
        aud: audience,
        sub: 'someone',
        groups: ['ops'],
        iat: now,
        exp: now + 600,
        ...claims,
      }
      const payload = Object.fromEntries(
        Object.entries(all).filter(([, value]) => value !== null),
      ) as JWTPayload
      return new SignJWT(payload)
        .setProtectedHeader({ alg: 'RS256', kid: 'one', ...header })
        .sign(by === 'own' ? own.privateKey : strange.privateKey)
    },
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

/** The configuration that believes it. */
export const configOf = ({ url }: Issuer): string =>
  JSON.stringify({
    access: {
      oidc: [
        {
          issuer: url,
          audience,
          jwksUrl: `${url}/keys`,
          rules: [{ claim: 'groups', is: 'ops', role: 'viewer' }],
        },
      ],
    },
  })
