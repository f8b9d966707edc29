/** What Plenum makes of a fault in a fabric: which incidents, and whom it tells. */
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { shippedInputs } from '../../src/alert/rule/shipped.ts'
import { Child } from './child.ts'
import type { Fabric, FabricNode } from './index.ts'
import type { FabricPlenum } from './plenum.ts'

/** A notification in the format of Alertmanager's webhooks. */
export interface Notification {
  status: 'firing' | 'resolved'
  commonLabels: Record<string, string>
  alerts: unknown[]
}

/** A real receiver of webhooks, where the poller is. */
export class Hook {
  readonly #child: Child
  #seen = 0

  private constructor(child: Child) {
    this.#child = child
  }

  static async start(fabric: Fabric): Promise<{ hook: Hook; url: string }> {
    const script = join(import.meta.dirname, 'hook.ts')
    const args = ['--disable-warning=ExperimentalWarning', script]
    const child = new Child(fabric.spawn(process.execPath, args, process.env))
    const [, port] = await child.saw(/ready at (\d+)/)
    return { hook: new Hook(child), url: `http://127.0.0.1:${port}/` }
  }

  /** What was sent since `forget`. */
  get sent(): Notification[] {
    return linesOf(this.#child.output).slice(this.#seen)
  }

  forget(): void {
    this.#seen += this.sent.length
  }

  until(fits: (one: Notification) => boolean): Promise<Notification> {
    return this.#child.until((output) => linesOf(output).slice(this.#seen).find(fits))
  }

  close = (): Promise<void> => this.#child.end()
}

const linesOf = (output: string): Notification[] =>
  output
    .split('\n')
    .slice(0, -1)
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Notification)

export interface Telling {
  url: string
  /** How long alerts are gathered before somebody is told. */
  wait: string
  /** Instead of the times that the shipped rules wait. */
  for?: string
}

/** The configuration of rules as they are shipped, and of one receiver. */
export const telling = ({ url, wait, for: pending }: Telling): object => ({
  ...(pending === undefined
    ? {}
    : {
        rules: shippedInputs
          .filter(({ failure }) => failure === 'DOWN' || failure === 'LINK' || failure === 'SESSION')
          .map((rule) => ({ ...rule, for: pending })),
      }),
  notify: { wait, receivers: { people: { type: 'webhook', url } }, routes: [{ to: ['people'] }] },
})

export interface SeenIncident {
  id: string
  state: string
  summary: string
  failure: string
  cause: { kind: string; name: string }
  alerts: { totalCount: number; nodes: { ruleName: string; resource: { name: string } }[] }
  impact: { totalCount: number; nodes: { kind: string; name: string }[] }
}

export async function openIncidents(plenum: FabricPlenum): Promise<SeenIncident[]> {
  const { incidents } = await plenum.ask<{ incidents: { nodes: SeenIncident[] } }>(
    `{ incidents { nodes { id state summary failure cause { kind name } alerts(first: 200) { totalCount nodes { ruleName resource { name } } }
       impact { totalCount nodes { kind name } } } } }`,
  )
  return incidents.nodes
}

/** Waits until incidents are as they should be; fails with what they are. */
export async function untilIncidents(
  plenum: FabricPlenum,
  fits: (incidents: readonly SeenIncident[]) => boolean,
  patienceMs: number,
): Promise<SeenIncident[]> {
  const deadline = Date.now() + patienceMs
  for (;;) {
    const incidents = await openIncidents(plenum)
    if (fits(incidents)) return incidents
    if (Date.now() > deadline) throw new Error(`incidents are: ${JSON.stringify(incidents, null, 1)}`)
    await delay(250)
  }
}

export interface Fault {
  begin(): Promise<void> | void
  end(): Promise<void> | void
  /** Names of what may be called the cause: of a cable either end. */
  cause: readonly string[]
  failure: string
}

export interface Outcome {
  incident: SeenIncident
  toldAfterMs: number
  sent: Notification[]
}

/** Begins a fault, waits until somebody was told of one incident with that cause, ends it, waits until that was told too. */
export async function undergo(
  plenum: FabricPlenum,
  hook: Hook,
  { begin, end, cause, failure }: Fault,
  patienceMs: number,
): Promise<Outcome> {
  hook.forget()
  const began = Date.now()
  await begin()
  let incident: SeenIncident | undefined
  let toldAfterMs = 0
  try {
    await untilTold(hook, 'firing', patienceMs, plenum)
    toldAfterMs = Date.now() - began
    ;[incident] = await untilIncidents(
      plenum,
      (open) => open.length === 1 && cause.includes(open[0]!.cause.name) && open[0]!.failure === failure,
      patienceMs,
    )
  } finally {
    await end()
  }
  await untilIncidents(plenum, (open) => open.length === 0, patienceMs)
  await untilTold(hook, 'resolved', patienceMs, plenum)
  return { incident: incident!, toldAfterMs, sent: hook.sent }
}

async function untilTold(
  hook: Hook,
  status: Notification['status'],
  patienceMs: number,
  plenum: FabricPlenum,
): Promise<void> {
  const over = new AbortController()
  const late = delay(patienceMs, 'late', { signal: over.signal, ref: false })
  const told = await Promise.race([hook.until((one) => one.status === status), late])
  over.abort()
  if (told !== 'late') return late.catch(() => undefined) as Promise<undefined>
  throw new Error(
    `nobody was told ${status} in ${patienceMs} ms; incidents: ${JSON.stringify(await openIncidents(plenum), null, 1)}`,
  )
}

/** What breaks a fabric, and what is to be found as the cause. */
export function faultsOf(fabric: Fabric): { switch: Fault; routing: Fault; cable: Fault } {
  const nodeOf = (name: string): FabricNode => fabric.plan.nodes.find((node) => node.name === name)!
  const [leaf, spine] = [nodeOf('leaf1'), nodeOf('spine1')]
  const port = nodeOf('leaf2').ports[0]!
  return {
    switch: {
      begin: () => fabric.setNode(leaf, false),
      end: () => fabric.setNode(leaf, true),
      cause: [leaf.name],
      failure: 'DOWN',
    },
    routing: {
      begin: () => fabric.stopRouting(spine),
      end: () => fabric.startRouting(spine),
      cause: [spine.name],
      failure: 'SESSION',
    },
    cable: {
      begin: () => fabric.setLink(port, false),
      end: () => fabric.setLink(port, true),
      cause: [port.name, port.far.name],
      failure: 'LINK',
    },
  }
}
