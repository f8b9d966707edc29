/**
 * Terminology
 * - identity provider: who vouches for people by signed tokens (JWT); we keep none of them and ask it for nothing but its public keys.
 * - rule: which claim makes which role, and whose resources are seen.
 */
import { createHash } from 'node:crypto'
import { createRemoteJWKSet, customFetch, decodeJwt, errors, jwtVerify, type JWTPayload } from 'jose'
import type { Logger } from 'pino'
import { PlenumError } from '../errors.ts'
import { roleOf, toViewer, type CustomRoles, type Session } from '../token/index.ts'

export interface Rule {
  claim: string
  is: string
  role: string
  tenants?: readonly string[] | undefined
  tenantsClaim?: string | undefined
}

export interface Provider {
  issuer: string
  audience: string
  jwksUrl?: string | undefined
  algorithms: readonly string[]
  clockSkewSeconds: number
  nameClaim: string
  rules: readonly Rule[]
}

export interface IdentityOptions {
  providers: readonly Provider[]
  roles: CustomRoles
  /** Ids of tenants by their names; a name that nothing has is left out: it holds nothing. */
  tenantsOf: (names: readonly string[]) => readonly number[]
  log: Logger
  /** How long an unknown key waits until keys are fetched again; milliseconds. */
  cooldownMs?: number
}

export interface Identities {
  /** The session of a JWT. UNAUTHENTICATED says what is wrong with it; SOURCE_UNAVAILABLE when its provider cannot be reached. */
  verify(jwt: string): Promise<Session>
}

const fetchMs = 5_000
const keysMs = 10 * 60_000

type Keys = ReturnType<typeof createRemoteJWKSet>

/** Nothing is fetched before the first token comes. */
export function startIdentities(options: IdentityOptions): Identities {
  const keysOf = new Map<string, Promise<Keys>>()

  async function verify(jwt: string): Promise<Session> {
    const provider = providerOf(jwt)
    const payload = await check(jwt, provider)
    return sessionOf(payload, provider, options)
  }

  /** By what the token says of itself; whether that is true, its signature tells. */
  function providerOf(jwt: string): Provider {
    const issuer = readIssuer(jwt)
    const found = options.providers.find((provider) => provider.issuer === issuer)
    if (found === undefined) throw refused('its issuer is none that is configured')
    return found
  }

  async function check(jwt: string, provider: Provider): Promise<JWTPayload> {
    try {
      const { payload } = await jwtVerify(jwt, await keys(provider), {
        issuer: provider.issuer,
        audience: provider.audience,
        algorithms: [...provider.algorithms],
        clockTolerance: provider.clockSkewSeconds,
        requiredClaims: ['exp', 'sub'],
      })
      if (payload.iat !== undefined && payload.iat > Date.now() / 1_000 + provider.clockSkewSeconds)
        throw refused('it was issued in the future')
      return payload
    } catch (error) {
      throw toRefusal(error, provider, options.log)
    }
  }

  function keys(provider: Provider): Promise<Keys> {
    let known = keysOf.get(provider.issuer)
    if (known === undefined) {
      known = findKeys(provider, options.cooldownMs)
      keysOf.set(provider.issuer, known)
      // What failed is tried again by the next token.
      known.catch(() => keysOf.delete(provider.issuer))
    }
    return known
  }

  return { verify }
}

function readIssuer(jwt: string): unknown {
  try {
    return decodeJwt(jwt).iss
  } catch {
    throw refused('it cannot be read')
  }
}

async function findKeys(provider: Provider, cooldownMs = 30_000): Promise<Keys> {
  const url = provider.jwksUrl ?? (await discover(provider.issuer))
  return createRemoteJWKSet(new URL(url), {
    timeoutDuration: fetchMs,
    cooldownDuration: cooldownMs,
    cacheMaxAge: keysMs,
    [customFetch]: (at, init) => fetch(at, { ...init, redirect: 'error' }),
  })
}

/** The provider's own document; that it speaks of the issuer that we asked is checked. */
async function discover(issuer: string): Promise<string> {
  const response = await fetch(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`, {
    signal: AbortSignal.timeout(fetchMs),
    redirect: 'error',
  })
  if (!response.ok) throw new Error(`the provider's document answers ${response.status}`)
  const document = (await response.json()) as { issuer?: unknown; jwks_uri?: unknown }
  if (document.issuer !== issuer) throw new Error("the provider's document is of another issuer")
  if (typeof document.jwks_uri !== 'string') throw new Error("the provider's document names no keys")
  return document.jwks_uri
}

const refused = (why: string): PlenumError =>
  new PlenumError('UNAUTHENTICATED', `The token of the identity provider is refused: ${why}`)

/** What is wrong with a token is told to who shows it; what is wrong with the provider, to who looks after it. */
function toRefusal(error: unknown, provider: Provider, log: Logger): unknown {
  if (error instanceof PlenumError) return error
  if (error instanceof errors.JWTExpired) return refused('it has expired')
  if (error instanceof errors.JWTClaimValidationFailed) return refused(claimFault(error))
  if (error instanceof errors.JOSEAlgNotAllowed) return refused('its algorithm is not allowed')
  if (error instanceof errors.JWKSNoMatchingKey) return refused('no key of the provider has signed it')
  if (error instanceof errors.JWSSignatureVerificationFailed) return refused('its signature is wrong')
  const isOfToken =
    error instanceof errors.JWSInvalid ||
    error instanceof errors.JWTInvalid ||
    error instanceof errors.JOSENotSupported ||
    error instanceof errors.JWKSMultipleMatchingKeys
  if (isOfToken) return refused('it cannot be read')
  log.warn({ err: error, issuer: provider.issuer }, 'the keys of an identity provider cannot be had')
  return new PlenumError('SOURCE_UNAVAILABLE', 'The identity provider cannot be reached: try again', {
    retryAfterSeconds: 5,
  })
}

function claimFault({ claim, reason }: errors.JWTClaimValidationFailed): string {
  if (reason === 'missing') return `it has no ${claim}`
  if (claim === 'nbf') return 'it is not valid yet'
  if (claim === 'aud') return 'it is for another audience'
  return `its ${claim} does not fit`
}

async function sessionOf(
  payload: JWTPayload,
  provider: Provider,
  { roles, tenantsOf }: IdentityOptions,
): Promise<Session> {
  const rule = provider.rules.find(({ claim, is }) => valuesOf(payload, claim).includes(is))
  const role = rule && roleOf(rule.role, roles)
  if (rule === undefined || role === undefined) throw refused('no rule gives its owner a role')
  const named = rule.tenantsClaim === undefined ? rule.tenants : valuesOf(payload, rule.tenantsClaim)
  const name = `oidc:${String(payload[provider.nameClaim] ?? payload.sub).slice(0, 100)}`
  const tokenId = idOf(provider.issuer, payload.sub!)
  return {
    viewer: toViewer(
      { name, tokenId, roleName: rule.role },
      role,
      named === undefined ? {} : { tenants: [...tenantsOf(named)] },
    ),
    expiresAt: payload.exp! * 1_000,
  }
}

/** A claim's values, whether it is a list, one text, or words with spaces between; dots lead into objects. */
function valuesOf(payload: JWTPayload, claim: string): string[] {
  const whole: unknown = payload[claim]
  const value = whole ?? claim.split('.').reduce<unknown>((at, key) => (at as never)?.[key], payload)
  if (Array.isArray(value)) return value.filter((one) => typeof one === 'string')
  if (typeof value !== 'string') return []
  return [value, ...(value.includes(' ') ? value.split(' ') : [])]
}

/** Below zero, where no token of ours is; the same for the same person. */
const idOf = (issuer: string, subject: string): number =>
  -1 -
  createHash('sha256')
    .update(JSON.stringify([issuer, subject]))
    .digest()
    .readUIntBE(0, 6)
