/** How the rest of the driver reads a device, whatever the protocol version: the hot path for v1 and v2c, net-snmp for v3. */
import {
  errorStatus,
  errorStatusNames,
  isException,
  pdu,
  SnmpError,
  version,
  type Answer,
  type Asker,
  type Cell,
  type EncodedOid,
  type Request,
  type SnmpClient,
  type SnmpValue,
  type Target,
} from './protocol/index.ts'
import { TableWalk, type WalkEnd } from './walk.ts'

/** Told each value of a walk, with the place of its column; `cell` is valid only during the call. */
export type Sink = (column: number, cell: Cell) => void

export interface SnmpReader {
  /** Values at exact OIDs, in their order; null where the agent has none. */
  get(oids: readonly EncodedOid[], signal?: AbortSignal): Promise<SnmpValue[]>
  /**
   * Walks several columns at once, each to the end of its subtree. Rejects with SnmpError; what `sink` was told until then stands.
   * `expectedRows`: how many there were last time, so that answers are cut to them; there may be others.
   */
  walk(
    columns: readonly EncodedOid[],
    sink: Sink,
    signal?: AbortSignal,
    expectedRows?: number,
  ): Promise<WalkEnd>
}

/** Something that takes requests one by one: the v1/v2c client bound to a target, or a v3 session. */
export interface Channel {
  readonly version: number
  send(request: Request, asker: Asker, signal?: AbortSignal): void
  /** maxRepetitions for so many columns, as the agent bears it now. */
  repetitions(columns: number): number
}

export const channelOf = (client: SnmpClient, target: Target): Channel => ({
  version: target.version,
  send: (request, asker, signal) => client.send(target, request, asker, signal),
  repetitions: (columns) => target.repetitions(columns),
})

export const readerOf = (channel: Channel): SnmpReader => ({
  get: async (oids, signal) => getAll(channel, oids, signal),
  walk: (columns, sink, signal, expectedRows) =>
    new Promise((resolve, reject) =>
      new TableWalk(channel, columns, sink, { ended: resolve, failed: reject }, signal, expectedRows).start(),
    ),
})

/** OIDs in one GET. Agents with small buffers say tooBig, then it is halved. */
const maxGet = 32

async function getAll(
  channel: Channel,
  oids: readonly EncodedOid[],
  signal: AbortSignal | undefined,
): Promise<SnmpValue[]> {
  const values: SnmpValue[] = []
  for (let at = 0; at < oids.length; at += maxGet)
    values.push(...(await getSome(channel, oids.slice(at, at + maxGet), signal)))
  return values
}

async function getSome(
  channel: Channel,
  oids: readonly EncodedOid[],
  signal: AbortSignal | undefined,
): Promise<SnmpValue[]> {
  const { status, index, values } = await getOnce(channel, oids, signal)
  if (status === errorStatus.noError) return values
  if (status === errorStatus.tooBig && oids.length > 1) {
    const half = oids.length >> 1
    const first = await getSome(channel, oids.slice(0, half), signal)
    return [...first, ...(await getSome(channel, oids.slice(half), signal))]
  }
  // v1 refuses the whole for one missing value: ask again without it.
  if (
    channel.version === version.v1 &&
    status === errorStatus.noSuchName &&
    index >= 1 &&
    index <= oids.length
  ) {
    if (oids.length === 1) return [null]
    const rest = await getSome(channel, oids.toSpliced(index - 1, 1), signal)
    return rest.toSpliced(index - 1, 0, null)
  }
  throw refusal(status)
}

interface Got {
  status: number
  index: number
  values: SnmpValue[]
}

const getOnce = (
  channel: Channel,
  oids: readonly EncodedOid[],
  signal: AbortSignal | undefined,
): Promise<Got> =>
  new Promise((resolve, reject) => {
    const answered = (answer: Answer): void => {
      const values = Array.from({ length: answer.count }, (_, i) => {
        const cell = answer.select(i, 0)
        return isException(cell.type) ? null : cell.value()
      })
      resolve({ status: answer.errorStatus, index: answer.errorIndex, values })
    }
    const request = { type: pdu.get, oids, nonRepeaters: 0, maxRepetitions: 0 }
    channel.send(request, { answered, failed: reject }, signal)
  })

export const refusal = (status: number): SnmpError =>
  new SnmpError('refused', `the agent refused: ${errorStatusNames[status] ?? `error status ${status}`}`, {
    status,
  })
