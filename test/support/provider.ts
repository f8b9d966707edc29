/** A real OpenID provider on loopback: what `oidc-provider` does, we only configure. Its keys can be changed while it keeps its address. */
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, generateKeyPair, type CryptoKey, type JWK } from 'jose'
import Provider from 'oidc-provider'

export interface TestProvider {
  issuer: string
  /** An access token of the client credentials grant, as the provider signs it now. */
  token(client?: 'netops' | 'acme'): Promise<string>
  /** New keys under new names; what was signed before is no longer vouched for. */
  rotate(): Promise<void>
  /** The private key that it signs with now, to forge what it would never sign. */
  readonly key: CryptoKey
  readonly kid: string
  /** Requests for its keys so far. */
  readonly asked: number
  close(): Promise<void>
}

export const audience = 'urn:plenum'

async function makeKey(kid: string): Promise<{ jwk: JWK; key: CryptoKey }> {
  const { privateKey } = await generateKeyPair('ES256', { extractable: true })
  return { jwk: { ...(await exportJWK(privateKey)), kid, alg: 'ES256', use: 'sig' }, key: privateKey }
}

function configure(issuer: string, jwk: JWK): Provider {
  const provider = new Provider(issuer, {
    jwks: { keys: [jwk] } as never,
    clients: ['netops', 'acme'].map((id) => ({
      client_id: id,
      client_secret: `${id}-secret`,
      grant_types: ['client_credentials'],
      redirect_uris: [],
      response_types: [],
      id_token_signed_response_alg: 'ES256' as const,
    })),
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => audience,
        getResourceServerInfo: () => ({
          scope: 'read',
          audience,
          accessTokenFormat: 'jwt' as const,
          accessTokenTTL: 300,
          jwt: { sign: { alg: 'ES256' as const } },
        }),
        useGrantedResource: () => true,
      },
    },
    extraTokenClaims: (_, token) => ({
      groups: [(token as { clientId?: string }).clientId ?? ''],
      tenants: ['acme'],
    }),
  })
  provider.on('server_error', (_, error) => console.error(error))
  return provider
}

export async function startProvider(): Promise<TestProvider> {
  let answer: ReturnType<Provider['callback']> | undefined
  let asked = 0
  let names = 1
  const server: Server = createServer((request, response) => {
    if (request.url === '/jwks') asked++
    void answer!(request, response)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  let made = await makeKey('key-1')
  answer = configure(issuer, made.jwk).callback()
  return {
    issuer,
    async token(client = 'netops') {
      const response = await fetch(`${issuer}/token`, {
        method: 'POST',
        headers: { authorization: `Basic ${btoa(`${client}:${client}-secret`)}` },
        body: new URLSearchParams({ grant_type: 'client_credentials', resource: audience, scope: 'read' }),
      })
      const told = (await response.json()) as { access_token?: string }
      if (told.access_token === undefined) throw new Error(JSON.stringify(told))
      return told.access_token
    },
    async rotate() {
      made = await makeKey(`key-${++names}`)
      answer = configure(issuer, made.jwk).callback()
    },
    get key() {
      return made.key
    },
    get kid() {
      return made.jwk.kid!
    },
    get asked() {
      return asked
    },
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
