/**
 * Twenty-eight nodes of real snmpd, lldpd and FRR in network namespaces, polled by Plenum from inside: what is found against what is there, how
 * soon a subscriber knows. Needs root; writes lab/results/fabric-DATE.json.
 *   npm run lab fabric [-- --small]
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { Follower, isWhole, linkTraps, portIs, untilFound, Witness } from './fabric/check.ts'
import { faultsOf, Hook, telling, undergo } from './fabric/incident.ts'
import { large, missingForFabric, planFabric, small, startFabric, type Fabric } from './fabric/index.ts'
import { startPlenum, type FabricPlenum } from './fabric/plenum.ts'
import { snmpSource } from './fabric/source.ts'
import { formatScores } from './fabric/truth.ts'

const { values } = parseArgs({ options: { small: { type: 'boolean', default: false } } })
const patienceMs = 300_000
const idleSeconds = 60

async function main(): Promise<void> {
  const missing = missingForFabric()
  if (missing !== undefined) return void tell(`skipped: the fabric, ${missing}`)
  const began = performance.now()
  const fabric = await startFabric(planFabric(values.small ? small : large))
  try {
    tell(
      `${fabric.plan.nodes.length} nodes, ${fabric.plan.cables.length} cables, up after ${seconds(began)} s`,
    )
    const witness = new Witness(fabric)
    await witness.ready()
    const { hook, url } = await Hook.start(fabric)
    const source = snmpSource(fabric.plan, { traps: true, intervalSeconds: 15 })
    const plenum = await startPlenum(fabric, source, telling({ url, wait: '10s' }))
    try {
      await examine(fabric, plenum, witness, hook)
    } finally {
      await plenum.close()
      await hook.close()
      await witness.close()
    }
  } finally {
    await fabric.close()
  }
}

async function examine(fabric: Fabric, plenum: FabricPlenum, witness: Witness, hook: Hook): Promise<void> {
  const { scores, tookMs } = await untilFound(plenum, fabric, patienceMs)
  tell(`${formatScores(scores)}\nall found after ${(tookMs / 1000).toFixed(1)} s`)
  const delays = await breakLinks(fabric, plenum, witness)
  const healed = await untilFound(plenum, fabric, patienceMs)
  const cpuBefore = plenum.cpuSeconds()
  await new Promise((resolve) => setTimeout(resolve, idleSeconds * 1000))
  const cpuShare = (plenum.cpuSeconds() - cpuBefore) / idleSeconds
  const incidents = await breakAll(fabric, plenum, hook)
  const figures = {
    nodes: fabric.plan.nodes.length,
    cables: fabric.plan.cables.length,
    ...Object.fromEntries(
      scores.flatMap(({ aspect, precision, recall }) => [
        [`${aspect}Precision`, precision],
        [`${aspect}Recall`, recall],
      ]),
    ),
    foundSeconds: tookMs / 1000,
    worstToldAfterTrapMilliseconds: Math.max(...delays),
    cpuShare,
    ...incidents.figures,
  }
  tell(JSON.stringify(figures, null, 2))
  writeResult(figures)
  if (!isWhole(scores) || !isWhole(healed.scores) || Math.max(...delays) > 1_000 || incidents.faults > 0)
    process.exitCode = 1
}

/** A switch without links, one without FRR, a cable: each is one incident that is told once, by the rules as they are shipped. */
async function breakAll(
  fabric: Fabric,
  plenum: FabricPlenum,
  hook: Hook,
): Promise<{ figures: Record<string, number>; faults: number }> {
  const figures: Record<string, number> = {}
  let faults = 0
  for (const [name, fault] of Object.entries(faultsOf(fabric))) {
    const { incident, toldAfterMs, sent } = await undergo(plenum, hook, fault, patienceMs)
    const told = sent.map(({ status, commonLabels }) => `${status} ${commonLabels['cause']}`)
    tell(
      `${name}: ${incident.summary}, ${incident.alerts.totalCount} alerts, impact on ${incident.impact.totalCount}; told: ${told.join(', ')}`,
    )
    figures[`${name}ToldSeconds`] = toldAfterMs / 1_000
    figures[`${name}Notifications`] = sent.filter(({ status }) => status === 'firing').length
    if (figures[`${name}Notifications`] !== 1 || new Set(told.map((one) => one.split(' ')[1])).size !== 1)
      faults++
  }
  return { figures, faults }
}

/** Every fourth cable, down and up; gives the milliseconds from the trap to the subscriber. */
async function breakLinks(fabric: Fabric, plenum: FabricPlenum, witness: Witness): Promise<number[]> {
  const follower = new Follower(plenum)
  const delays: number[] = []
  try {
    for (const port of fabric.plan.cables.filter((_, index) => index % 4 === 0))
      for (const isUp of [false, true]) {
        const began = Date.now()
        fabric.setLink(port, isUp)
        const arrived = await witness.until(began, port.node, isUp ? linkTraps.up : linkTraps.down)
        const told = await follower.until(began, portIs(port, isUp ? 'UP' : 'DOWN'), 60_000)
        delays.push(told.at - arrived)
        tell(
          `${port.node.name} ${port.name} ${isUp ? 'up' : 'down'}: told ${told.at - arrived} ms after the trap`,
        )
      }
  } finally {
    follower.close()
  }
  return delays
}

function writeResult(figures: Record<string, number>): void {
  const results = join(import.meta.dirname, 'results')
  mkdirSync(results, { recursive: true })
  const file = join(results, `fabric-${new Date().toISOString().slice(0, 10)}.json`)
  writeFileSync(file, `${JSON.stringify({ name: 'fabric', figures }, null, 2)}\n`)
}

const tell = (text: string): void => void process.stdout.write(`${text}\n`)
const seconds = (began: number): string => ((performance.now() - began) / 1000).toFixed(1)

await main()
