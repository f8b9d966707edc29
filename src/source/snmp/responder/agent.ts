/** What an agent answers to a request: pure, bytes in and bytes out. */
import {
  encodeMessage,
  encodeVarbind,
  errorStatus,
  pdu,
  tag,
  version,
  type Answer,
} from '../protocol/index.ts'
import { movedContent, type Mib } from './mib.ts'
import type { RecordedValue } from './recording.ts'

export interface AgentData {
  readonly mib: Mib
  /** Values of this agent alone, by place in the Mib. */
  readonly own: ReadonlyMap<number, RecordedValue>
  /** Seconds since the recording, for counters that move; null: they stand still. */
  readonly elapsedSeconds: number | null
  readonly maxSizeBytes: number
}

interface Body {
  status: number
  index: number
  varbinds: Uint8Array[]
}

/** The response to a parsed request, or null when it is none. `looped`: it goes back to the beginning whatever was asked. */
export function respond(request: Answer, data: AgentData, looped = false): Buffer | null {
  const first = data.mib.values[0]?.name ?? empty
  const names = Array.from({ length: request.count }, (_, i) => (looped ? first : request.name(i)))
  const body = bodyOf(request, names, data)
  if (body === null) return null
  const room = data.maxSizeBytes
  const response = encodeResponse(request, body)
  if (response.length <= room) return response
  return encodeStatus(request, errorStatus.tooBig)
}

export const encodeStatus = (request: Answer, status: number): Buffer =>
  encodeResponse(request, { status, index: 0, varbinds: [] })

function bodyOf(request: Answer, names: Uint8Array[], data: AgentData): Body | null {
  const v1 = request.version === version.v1
  switch (request.pduType) {
    case pdu.get:
      return v1
        ? v1Body(names, data, (name) => data.mib.find(name))
        : good(names.map((name) => get(name, data)))
    case pdu.getNext: {
      const next = (name: Uint8Array) => data.mib.after(name)
      return v1 ? v1Body(names, data, next) : good(names.map((name) => at(next(name), name, data)))
    }
    case pdu.getBulk:
      return v1 ? null : good(bulk(names, request.errorStatus, request.errorIndex, data))
    default:
      return null
  }
}

const good = (varbinds: Uint8Array[]): Body => ({ status: 0, index: 0, varbinds })

function v1Body(names: Uint8Array[], data: AgentData, place: (name: Uint8Array) => number): Body {
  const places = names.map(place)
  const missing = places.findIndex((i) => data.mib.values[i] === undefined || isWide(data.mib.values[i]))
  if (missing < 0) return good(places.map((i) => at(i, names[0] as Uint8Array, data)))
  const echo = names.map((name) => encodeVarbind(name, tag.null, empty))
  return { status: errorStatus.noSuchName, index: missing + 1, varbinds: echo }
}

const isWide = (value: RecordedValue): boolean => value.type === tag.counter64

function get(name: Uint8Array, data: AgentData): Uint8Array {
  const found = data.mib.find(name)
  return found < 0 ? encodeVarbind(name, tag.noSuchInstance, empty) : at(found, name, data)
}

function bulk(names: Uint8Array[], nonRepeaters: number, repetitions: number, data: AgentData): Uint8Array[] {
  const { mib } = data
  const single = Math.max(0, Math.min(nonRepeaters, names.length))
  const varbinds = names.slice(0, single).map((name) => at(mib.after(name), name, data))
  const columns = names.slice(single).map((name) => ({ name, place: mib.after(name) }))
  // What does not fit is cut, as real agents do; what stands around the list is kept free.
  let room = varbinds.reduce((rest, one) => rest - one.length, data.maxSizeBytes - aroundListBytes)
  for (let row = 0; row < repetitions && columns.length > 0; row++) {
    const ended = columns.every(({ place }) => place >= mib.values.length)
    for (const column of columns) {
      const one = at(column.place, column.name, data)
      room -= one.length
      if (room < 0) return varbinds
      varbinds.push(one)
      column.name = mib.values[column.place]?.name ?? column.name
      column.place++
    }
    if (ended) break
  }
  return varbinds
}
/** Heads, version, community (to 64 bytes) and the three numbers of a message. */
const aroundListBytes = 100

/** The varbind at a place; past the end it is endOfMibView under the name that was asked. */
function at(place: number, asked: Uint8Array, { mib, own, elapsedSeconds }: AgentData): Uint8Array {
  const value = own.get(place) ?? mib.values[place]
  if (value === undefined) return encodeVarbind(asked, tag.endOfMibView, empty)
  const content = elapsedSeconds === null ? value.content : movedContent(value, elapsedSeconds)
  return encodeVarbind(value.name, value.type, content)
}

const empty = new Uint8Array(0)

const encodeResponse = (request: Answer, { status, index, varbinds }: Body): Buffer =>
  encodeMessage({
    version: request.version,
    community: request.bytes.subarray(request.communityStart, request.communityEnd),
    type: pdu.response,
    requestId: request.requestId,
    status,
    index,
    varbinds,
  })
