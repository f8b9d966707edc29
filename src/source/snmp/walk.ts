import {
  errorStatus,
  isUnder,
  pdu,
  SnmpError,
  tag,
  version,
  type Answer,
  type Asker,
  type EncodedOid,
} from './protocol/index.ts'
import { refusal, type Channel, type Sink } from './reader.ts'

export interface WalkEnd {
  requests: number
  cells: number
}

/** Columns in one request: more make rows that no answer holds. */
const maxColumns = 12
/** More cells than any honest table has. */
const maxCells = 2_000_000

/**
 * A walk of several columns at once. Each column goes on from its own last name, so tables with holes and answers that were cut anywhere
 * come out whole. It ends because names only rise: what does not rise was refused by the protocol.
 */
export class TableWalk implements Asker {
  readonly #channel: Channel
  readonly #columns: readonly EncodedOid[]
  readonly #sink: Sink
  readonly #done: { ended(end: WalkEnd): void; failed(error: SnmpError): void }
  readonly #signal: AbortSignal | undefined
  /** Where each column goes on; null: it has ended. */
  readonly #cursors: (EncodedOid | null)[]
  readonly #end: WalkEnd = { requests: 0, cells: 0 }
  /** Rows that are still expected; 0: nothing is known. */
  #expected: number
  #width = maxColumns
  #repetitions = 1
  /** The columns of the request that is out. */
  #asked: number[] = []

  constructor(
    channel: Channel,
    columns: readonly EncodedOid[],
    sink: Sink,
    done: { ended(end: WalkEnd): void; failed(error: SnmpError): void },
    signal: AbortSignal | undefined,
    expectedRows = 0,
  ) {
    this.#expected = expectedRows
    this.#channel = channel
    this.#columns = columns
    this.#cursors = [...columns]
    this.#sink = sink
    this.#done = done
    this.#signal = signal
  }

  start(): void {
    this.#asked = []
    for (let c = 0; c < this.#cursors.length && this.#asked.length < this.#width; c++)
      if (this.#cursors[c] !== null) this.#asked.push(c)
    if (this.#asked.length === 0) return this.#done.ended(this.#end)
    const v1 = this.#channel.version === version.v1
    this.#repetitions = this.#fitting(this.#channel.repetitions(this.#asked.length))
    this.#end.requests++
    const oids = this.#asked.map((c) => this.#cursors[c] as EncodedOid)
    const request = v1
      ? { type: pdu.getNext, oids, nonRepeaters: 0, maxRepetitions: 0 }
      : { type: pdu.getBulk, oids, nonRepeaters: 0, maxRepetitions: this.#repetitions }
    this.#channel.send(request, this, this.#signal)
  }

  /** As few answers as bear the expected rows and the one after them, all alike in size: nothing is read that lies behind the table. */
  #fitting(most: number): number {
    if (this.#expected <= 0) return most
    const left = this.#expected + 1
    return Math.ceil(left / Math.ceil(left / most))
  }

  answered(answer: Answer): void {
    const { errorStatus: status } = answer
    if (status !== errorStatus.noError) return this.#refused(status, answer.errorIndex)
    if (answer.count === 0) return this.failed(new SnmpError('bad', 'the agent answers with nothing'))
    this.#take(answer)
    if (this.#end.cells > maxCells) return this.failed(new SnmpError('bad', `more than ${maxCells} values`))
    this.start()
  }

  failed(error: SnmpError): void {
    this.#done.failed(error)
  }

  #take(answer: Answer): void {
    const asked = this.#asked
    const width = asked.length
    const last: number[] = []
    this.#expected -= Math.floor(answer.count / width)
    for (let i = 0; i < answer.count; i++) {
      const place = i % width
      const c = asked[place] as number
      if (this.#cursors[c] === null) continue
      const column = this.#columns[c] as EncodedOid
      const inside =
        answer.types[i] !== tag.endOfMibView &&
        isUnder(column, answer.bytes, answer.nameStart[i] as number, answer.nameEnd[i] as number)
      if (inside) {
        this.#end.cells++
        this.#sink(c, answer.select(i, column.length))
        last[place] = i
      } else this.#cursors[c] = null
    }
    for (let place = 0; place < width; place++) {
      const c = asked[place] as number
      const at = last[place]
      if (at !== undefined && this.#cursors[c] !== null) this.#cursors[c] = answer.name(at)
    }
  }

  #refused(status: number, index: number): void {
    const v1 = this.#channel.version === version.v1
    const c = this.#asked[index - 1]
    if (v1 && status === errorStatus.noSuchName && c !== undefined) {
      // How a v1 agent says that nothing follows.
      this.#cursors[c] = null
      return this.start()
    }
    if (status === errorStatus.tooBig && this.#asked.length > 1) {
      this.#width = this.#asked.length >> 1
      return this.start()
    }
    this.failed(refusal(status))
  }
}
