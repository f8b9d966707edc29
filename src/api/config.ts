/** What the API takes from the configuration. */
import type { AdmissionLimits } from './admission.ts'
import type { CostLimits } from './cost/index.ts'
import type { DoorConfig } from './door.ts'
import type { DocumentLimits } from './limits.ts'

export interface ApiLimits extends DocumentLimits, CostLimits, AdmissionLimits {
  /** Bytes of a GraphQL request's body. Imports by PUT are streamed and not bounded by it. */
  bodyBytes: number
  /** Bytes of an answer before compression, and of one message of a subscription. */
  answerBytes: number
  /** Bad tokens that one address may show in a minute. */
  refusedLogins: number
  /** Seconds within which a request's headers must have come. */
  headerSeconds: number
  /** Seconds until a request is given up. */
  requestSeconds: number
  /** Seconds until a streamed import is given up. */
  importSeconds: number
  /** Open WebSockets that have not logged in yet. */
  socketsWaiting: number
  /** Open WebSockets of one token. */
  socketsPerToken: number
  /** Operations that run at once on the WebSockets of one token. */
  subscriptionsPerToken: number
  /** Bytes of one WebSocket message that a client sends. */
  messageBytes: number
  /** Seconds until who takes nothing of a large answer, or of a WebSocket's messages, is let go; a subscriber may go on from its last cursor. */
  stallSeconds: number
}

export interface ApiConfig extends DoorConfig {
  host: string
  /** PEM files; absent: plain HTTP. */
  tls?: { certificate: string; key: string } | undefined
  /** 0: any free one. */
  port: number
  /** Refuses every write with FORBIDDEN. */
  readOnly?: boolean
  /** Whether the schema may be asked for. */
  introspection: boolean
  /** Whether browsers get GraphiQL. */
  graphiql: boolean
  documents: {
    /** Whether clients may have texts remembered by their SHA-256 (Apollo's automatic persisted queries). */
    automatic: boolean
    /** Folders of *.graphql files, or manifests: nothing else may run. Empty: everything may. */
    allow: readonly string[]
    exemptAdmins: boolean
  }
  limits: ApiLimits
}
