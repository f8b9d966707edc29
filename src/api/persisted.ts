/**
 * Which document a request asks for: by its text, by its SHA-256 (Apollo's automatic persisted queries), or by an id of the allow list. With an allow list nothing else
 * runs, whatever it comes over.
 */
import type { DocumentNode, GraphQLError } from 'graphql'
import type { Viewer } from '../context.ts'
import { PlenumError, invalidInput } from '../errors.ts'
import { hashOf, type AllowList } from './allowed.ts'
import type { Prepare } from './document.ts'
import type { Refusals } from './refusals.ts'

export interface AskedDocument {
  query?: unknown
  extensions?: unknown
  /** An id of a manifest, as Relay sends it. */
  documentId?: unknown
}

export interface FoundDocument {
  text: string
  document: DocumentNode | readonly GraphQLError[]
}

/** Who asks for a document. */
export interface DocumentAsker {
  viewer: Viewer
  remoteAddress: string
  requestId: string
}

export interface PersistedOptions {
  prepare: Prepare
  /** Whether clients may have texts remembered. */
  automatic: boolean
  /** Absent: everything may run. */
  allowed: AllowList | undefined
  /** Whether administrators may run anything. */
  exemptAdmins: boolean
  refusals: Refusals
}

/** The document that is asked for; undefined when none is: whoever knows GraphQL over HTTP says so. Throws what is refused. */
export type FindDocument = (asked: AskedDocument, asker: DocumentAsker) => FoundDocument | undefined

/** Apollo's link goes by the message: it then sends the text, or stops to ask by hash. Such an answer is no failure of HTTP. */
export class NotPersisted extends PlenumError {}

const unknownHash = (): PlenumError => new NotPersisted('NOT_FOUND', 'PersistedQueryNotFound')
const noHashes = (): PlenumError => new NotPersisted('INVALID_INPUT', 'PersistedQueryNotSupported')
const notAllowed = (): PlenumError =>
  new PlenumError('FORBIDDEN', 'Only the documents of the allow list run here (documents.allow)')

const mostTexts = 2_000
const mostCharacters = 4_000_000
const longestText = 200_000

export function createFindDocument({
  prepare,
  automatic,
  allowed,
  exemptAdmins,
  refusals,
}: PersistedOptions): FindDocument {
  const texts = createTexts()

  function byHash(hash: string, text: string | undefined): string {
    const kept = allowed?.textOf(hash) ?? texts.get(hash)
    if (text === undefined) {
      if (kept !== undefined) return kept
      throw automatic ? unknownHash() : noHashes()
    }
    if (kept !== text && hashOf(text) !== hash.toLowerCase())
      throw invalidInput('The text does not have this SHA-256', 'extensions.persistedQuery.sha256Hash')
    return text
  }

  function byId(id: string): string {
    const text = allowed?.textOf(id) ?? (automatic ? texts.get(id.replace(/^sha256:/, '')) : undefined)
    if (text === undefined) throw unknownHash()
    return text
  }

  function refuse({ viewer, remoteAddress, requestId }: DocumentAsker): PlenumError {
    const error = notAllowed()
    const { code: errorCode, message: reason } = error
    refusals.note({ actor: viewer.name, remoteAddress, requestId, action: 'document', errorCode, reason })
    return error
  }

  return (asked, asker) => {
    const given = typeof asked.query === 'string' && asked.query !== '' ? asked.query : undefined
    const hash = asked.extensions == null ? undefined : hashIn(asked.extensions)
    const id = given === undefined && typeof asked.documentId === 'string' ? asked.documentId : undefined
    const text = hash !== undefined ? byHash(hash, given) : id !== undefined ? byId(id) : given
    if (text === undefined) return undefined
    const isFree = allowed === undefined || (exemptAdmins && asker.viewer.role === 'admin')
    const document = prepare(text)
    if (!isFree && !('kind' in document && allowed.has(document))) throw refuse(asker)
    // What is at fault is not worth being remembered.
    if (hash !== undefined && given !== undefined && automatic && 'kind' in document) texts.keep(hash, given)
    return { text, document }
  }
}

/** INVALID_INPUT for what is no hash of this protocol. */
function hashIn(extensions: unknown): string | undefined {
  const asked = (extensions as { persistedQuery?: unknown }).persistedQuery
  if (asked === undefined || asked === null) return undefined
  const { version, sha256Hash } = asked as { version?: unknown; sha256Hash?: unknown }
  const path = 'extensions.persistedQuery'
  if (version !== 1) throw invalidInput('Version 1 of persisted queries is known here', path)
  if (typeof sha256Hash !== 'string' || sha256Hash.length > 200)
    throw invalidInput('sha256Hash is no SHA-256', path)
  return sha256Hash
}

/** Texts by their hashes; the one that was asked for longest ago is the first to go. */
function createTexts() {
  const kept = new Map<string, string>()
  let characters = 0
  const drop = (hash: string): void => {
    characters -= kept.get(hash)?.length ?? 0
    kept.delete(hash)
  }
  return {
    get(hash: string): string | undefined {
      const text = kept.get(hash)
      if (text === undefined) return undefined
      kept.delete(hash)
      kept.set(hash, text)
      return text
    },
    keep(hash: string, text: string): void {
      if (text.length > longestText) return
      drop(hash)
      kept.set(hash, text)
      characters += text.length
      while (kept.size > mostTexts || characters > mostCharacters) drop(kept.keys().next().value as string)
    },
  }
}

export const isByHash = ({ extensions, documentId }: AskedDocument): boolean =>
  typeof documentId === 'string' ||
  (extensions as { persistedQuery?: unknown } | null | undefined)?.persistedQuery != null

/** The same with the text in its place, for those who know nothing of hashes. */
export function toWhole(
  body: Readonly<Record<string, unknown>>,
  { text }: FoundDocument,
): Record<string, unknown> {
  const { documentId: _, extensions, ...rest } = body
  const { persistedQuery: __, ...others } = (extensions ?? {}) as Record<string, unknown>
  return { ...rest, ...(Object.keys(others).length === 0 ? {} : { extensions: others }), query: text }
}

/** What the parameters of a GET ask for. INVALID_INPUT when its extensions are no JSON. */
export function askedOf(parameters: Readonly<Record<string, unknown>>): AskedDocument {
  const { query, extensions, documentId } = parameters
  if (typeof extensions !== 'string') return { query, documentId }
  try {
    return { query, documentId, extensions: JSON.parse(extensions) as unknown }
  } catch {
    throw invalidInput('The extensions are no JSON', 'extensions')
  }
}

/** A GET's address with the text in its place. */
export function withText(url: string, { text }: FoundDocument): string {
  const at = url.indexOf('?')
  const parameters = new URLSearchParams(at === -1 ? '' : url.slice(at))
  for (const name of ['documentId', 'extensions']) parameters.delete(name)
  parameters.set('query', text)
  return `${at === -1 ? url : url.slice(0, at)}?${String(parameters)}`
}
