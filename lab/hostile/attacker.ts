/** Sends hostile requests, some at once, until it is told to stop; then tells how many there were, and which were not refused as they must be. */
import { setPriority } from 'node:os'
import { documents } from '../../test/support/hostile/documents.ts'
import { startIssuer } from '../../test/support/hostile/issuer.ts'
import { logins } from '../../test/support/hostile/logins.ts'
import { sockets } from '../../test/support/hostile/sockets.ts'
import { isDue, type Hostile, type Target } from '../../test/support/hostile/target.ts'
import { transport } from '../../test/support/hostile/transport.ts'

export interface Order {
  url: string
  token: string
  atOnce: number
  most: { sockets: number; subscriptions: number; waiting: number }
}
export interface Report {
  sent: number
  /** By what came of it, where that was not what is due: being slowed down is as good. */
  strange: Record<string, string>
}

const slowed = new Set(['429 RATE_LIMITED', 'closed 4429'])
/** A flood of its own kind: what belongs to one token is used up by it. */
const floods = new Set([
  'sockets that never log in',
  'more sockets than a token may have',
  'more subscriptions than a token may have',
])

// What is measured is the server, not who gets the processor.
setPriority(15)

process.once('message', (order: Order) => void attack(order))

async function attack({ url, token, atOnce, most }: Order): Promise<void> {
  const issuer = await startIssuer()
  const target: Target = { url, token, issuer }
  const list: readonly Hostile[] = [...documents, ...transport, ...logins, ...sockets(most)]
  const report: Report = { sent: 0, strange: {} }
  let isOn = true
  let next = 0
  process.once('message', () => (isOn = false))

  async function work(): Promise<void> {
    while (isOn) {
      const one = list[next++ % list.length]!
      const told = await one.send(target).catch((error: Error) => error.message)
      report.sent++
      if (!isDue(one, told) && !slowed.has(told) && !floods.has(one.name)) report.strange[one.name] = told
    }
  }

  await Promise.all(Array.from({ length: atOnce }, work))
  process.send!(report)
  await issuer.close()
  process.disconnect()
}
