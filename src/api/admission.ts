/**
 * Terminology
 * - admission: whether a request is taken up at all. A token has a rate and a number at once; the process has a number at once, fewer while its event loop lags.
 * Who is refused is told at once and when to come again: that costs less than answering everybody late.
 */
import { PlenumError } from '../errors.ts'

export interface AdmissionLimits {
  /** Requests of one token in a second, on average over two. */
  requestsPerSecond: number
  /** Requests of one token that run at once. */
  requestsAtOnce: number
  /** Requests of all tokens that run at once in one process. */
  requestsRunning: number
  /** Milliseconds by which the event loop may lag before new requests beside many running ones are refused. */
  overloadMilliseconds: number
}

export interface Admission {
  /** Takes one request of a token up, until `leave` is called; throws RATE_LIMITED with `retryAfterSeconds`. */
  enter(tokenId: number): () => void
  readonly running: number
  readonly refused: number
  close(): void
}

interface Share {
  /** Requests that may come now. */
  left: number
  at: number
  running: number
}

const burstSeconds = 2
const tickMs = 100
/** A lag beside few requests is one of them at work: refusing others would help nobody. */
const manyRunning = 50
/** Tokens that asked last; one that asked nothing for long has its whole share anyway. */
const mostShares = 10_000

const messages: Record<keyof AdmissionLimits, string> = {
  requestsPerSecond: 'This token asks too often: wait',
  requestsAtOnce: 'This token has too many requests running: wait for one to end',
  requestsRunning: 'Too many requests are running: come again',
  overloadMilliseconds: 'This process is overloaded: come again',
}

export function startAdmission(
  limits: AdmissionLimits,
  now: () => number = () => performance.now(),
): Admission {
  const shares = new Map<number, Share>()
  let running = 0
  let refused = 0
  const lag = watchLag(now)

  function refuse(name: keyof AdmissionLimits, retryAfterSeconds = 1): PlenumError {
    refused++
    const limit = { name, limit: limits[name] }
    return new PlenumError('RATE_LIMITED', messages[name], { retryAfterSeconds, limit })
  }

  function check(share: Share): void {
    if (share.running >= limits.requestsAtOnce) throw refuse('requestsAtOnce')
    if (running >= limits.requestsRunning) throw refuse('requestsRunning')
    if (lag.ms() > limits.overloadMilliseconds && running >= manyRunning)
      throw refuse('overloadMilliseconds', Math.ceil(lag.ms() / 1_000))
    if (share.left < 1)
      throw refuse('requestsPerSecond', Math.ceil((1 - share.left) / limits.requestsPerSecond))
  }

  return {
    enter(tokenId) {
      const share = shareOf(shares, tokenId, limits.requestsPerSecond, now())
      check(share)
      share.left--
      share.running++
      running++
      let isIn = true
      return () => {
        if (!isIn) return
        isIn = false
        share.running--
        running--
      }
    },
    get running() {
      return running
    },
    get refused() {
      return refused
    },
    close: lag.close,
  }
}

/** By how much the event loop was late of late: what it was at worst, halved ten times a second. */
function watchLag(now: () => number): { ms(): number; close(): void } {
  let lagMs = 0
  let last = now()
  const timer = setInterval(() => {
    const at = now()
    lagMs = Math.max(lagMs / 2, at - last - tickMs)
    last = at
  }, tickMs)
  timer.unref()
  return { ms: () => lagMs, close: () => clearInterval(timer) }
}

function shareOf(shares: Map<number, Share>, tokenId: number, perSecond: number, at: number): Share {
  const most = perSecond * burstSeconds
  const known = shares.get(tokenId)
  if (known !== undefined) {
    known.left = Math.min(most, known.left + ((at - known.at) / 1_000) * perSecond)
    known.at = at
    return known
  }
  if (shares.size >= mostShares) forgetIdle(shares)
  const share = { left: most, at, running: 0 }
  shares.set(tokenId, share)
  return share
}

function forgetIdle(shares: Map<number, Share>): void {
  for (const [tokenId, share] of shares) if (share.running === 0) shares.delete(tokenId)
}
