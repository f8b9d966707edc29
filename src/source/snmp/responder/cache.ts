import type { Answer } from '../protocol/index.ts'
import { idEnd } from './fault.ts'
import type { Mib } from './mib.ts'

const maxEntries = 2_000

/**
 * Answers to the same question of the same Mib at the same time, so that thousands of agents of one template cost little. Time goes in
 * tenths of a second.
 */
export class AnswerCache {
  readonly #startedAt = performance.now()
  #mibs = new WeakMap<Mib, { state: string; answers: Map<string, Buffer> }>()

  /** Seconds since the start, the same for a tenth of a second. */
  elapsedSeconds(): number {
    return Math.floor((performance.now() - this.#startedAt) / 100) / 10
  }

  /** The answer to `request`: an earlier one with its id put in, or what `make` gives. `state`: what else decides it. */
  answer(request: Answer, mib: Mib, state: string, make: () => Buffer | null): Buffer | null {
    // Ids of other lengths than four bytes would move what follows them.
    if (request.requestId < 0x800000) return make()
    let entry = this.#mibs.get(mib)
    if (entry?.state !== state || entry.answers.size >= maxEntries)
      this.#mibs.set(mib, (entry = { state, answers: new Map() }))
    const { bytes, requestId, communityStart, communityEnd } = request
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
    const key =
      text.toString('latin1', communityStart - 3, communityEnd + 1) +
      text.toString('latin1', request.requestIdEnd)
    const known = entry.answers.get(key)
    if (known !== undefined) {
      // A copy, because the last one may still be on its way out.
      const answer = Buffer.from(known)
      const pduStart =
        answer.indexOf(text.subarray(communityStart, communityEnd)) + communityEnd - communityStart
      answer.writeInt32BE(requestId, idEnd(answer, pduStart) - 3)
      return answer
    }
    const answer = make()
    if (answer !== null) entry.answers.set(key, answer)
    return answer
  }
}
