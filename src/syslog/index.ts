/** The syslog receiver: messages in, lines of resources out. What is not taken is counted by its reason, and told once a minute. */
import type { Logger } from 'pino'
import type { Graph } from '../graph/graph.ts'
import { startLoop } from '../loop.ts'
import type { NewLine } from '../log-line/index.ts'
import { counter } from '../telemetry/index.ts'
import { isWithin, toRanges } from '../token/index.ts'
import type { SyslogConfig } from './config.ts'
import { matchLine } from './match.ts'
import { parseMessage } from './parse.ts'
import { SenderRate } from './rate.ts'
import { startReceiver, type Receiver, type Transport } from './receiver.ts'

export { syslogShape, type SyslogConfig } from './config.ts'

const received = counter({
  name: 'plenum_syslog_messages_total',
  help: 'Syslog messages that came in, by transport.',
  labels: ['transport'],
})
const refused = counter({
  name: 'plenum_syslog_dropped_total',
  help: 'Those that were dropped: their sender sends too many (rate), or they fit no resource (unmatched).',
  labels: ['reason'],
})

type Reason = 'rate' | 'unmatched'
/** Relays send what many write. */
const relayShare = 10
const tellEveryMs = 60_000
/** Senders that a warning names. */
const mostNamed = 5
const mostCounted = 1_000

export interface SyslogOptions {
  config: SyslogConfig
  graph(): Graph
  add(line: NewLine): void
  log: Logger
}

export interface Syslog {
  readonly ports: Receiver['ports']
  close(): Promise<void>
}

export async function startSyslog({ config, graph, add, log }: SyslogOptions): Promise<Syslog> {
  const relays = toRanges(config.relays, 'syslog.relays')
  const rate = new SenderRate()
  const refusals = new Refusals(log)
  const take = (bytes: Uint8Array, address: string, transport: Transport): void => {
    received.add([transport])
    const isRelay = isWithin(relays, address)
    const perSecond = config.linesPerSecond * (isRelay ? relayShare : 1)
    if (!rate.admit(address, perSecond, performance.now())) return refusals.note('rate', address)
    const { hostname, ...message } = parseMessage(bytes, config.lineBytes)
    if (message.text === '') return
    const matched = matchLine(graph(), { address, hostname, isRelay, text: message.text })
    if (matched === undefined) return refusals.note('unmatched', address)
    add({
      ...message,
      at: Date.now(),
      resourceId: matched.resource.id,
      interfaceId: matched.interface?.id ?? null,
      tenantId: matched.resource.tenantId,
    })
  }
  const receiver = await startReceiver(config, take, log)
  const telling = startLoop({
    name: 'syslog refusals',
    everyMs: tellEveryMs,
    log,
    run: async () => refusals.tell(),
  })
  return {
    ports: receiver.ports,
    async close() {
      await receiver.close()
      await telling.close()
      refusals.tell()
    },
  }
}

/** Counted in full; told with those who sent most of it. */
class Refusals {
  readonly #log: Logger
  readonly #counts: Record<Reason, Map<string, number>> = { rate: new Map(), unmatched: new Map() }

  constructor(log: Logger) {
    this.#log = log
  }

  note(reason: Reason, sender: string): void {
    refused.add([reason])
    const counts = this.#counts[reason]
    if (counts.size < mostCounted || counts.has(sender)) counts.set(sender, (counts.get(sender) ?? 0) + 1)
  }

  tell(): void {
    for (const [reason, counts] of Object.entries(this.#counts)) {
      if (counts.size === 0) continue
      const senders = [...counts].sort(([, one], [, other]) => other - one).slice(0, mostNamed)
      this.#log.warn({ reason, senders: Object.fromEntries(senders) }, 'syslog messages were dropped')
      counts.clear()
    }
  }
}
