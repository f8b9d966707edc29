/**
 * What polling costs: CPU seconds of who polls only, agents run in a process of their own. npm net-snmp, snmpbulkget and snmp_exporter, where they
 * are installed, ask the same agents for the same in the same run.
 *   npm run bench snmp [-- --json FILE] [--seconds N]   (N: of the part with dead devices, default 20)
 */
import { parseArgs } from 'node:util'
import { startSnmpClient, type SnmpClient, type Target } from '../src/source/snmp/protocol/index.ts'
import { tellFigures, type Figures } from './figure.ts'
import { addressOf, startAgents } from './snmp/agents.ts'
import { least, perPoll, type Cost } from './snmp/cost.ts'
import { pollNetSnmp, pollNetSnmpSwitches } from './snmp/net-snmp.ts'
import { pollExporter, pollSnmpBulkGet } from './snmp/others.ts'
import { pollOnTime, pollOurs, pollSwitches } from './snmp/ours.ts'

const deadCount = 500
const rounds = 7

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { json: { type: 'string' }, seconds: { type: 'string', default: '20' } },
  })
  const agents = await startAgents()
  const client = await startSnmpClient()
  const targets = agents.ports.map((port, i) =>
    client.target({ address: addressOf(i), port, community: 'public' }),
  )
  const figures = {
    ...(await measureCounters(client, targets.slice(0, 200))),
    ...(await measureSwitches(client, targets.slice(0, 200))),
    ...(await measureOnTime(client, targets, Number(values.seconds))),
  }
  await client.close()
  await agents.close()
  await tellFigures('snmp', figures, values.json)
}

const per10k = (cost: Cost): number => perPoll(cost) * 10_000

/** One answer of 64 counters; ours and npm net-snmp's in turns, so that whatever else the machine does hits both. */
async function measureCounters(client: SnmpClient, targets: readonly Target[]): Promise<Figures> {
  await pollOurs(client, targets, 2_000)
  await pollNetSnmp(targets, 500)
  const ours: Cost[] = []
  const theirs: Cost[] = []
  for (let round = 0; round < rounds; round++) {
    ours.push(await pollOurs(client, targets, 6_000))
    theirs.push(await pollNetSnmp(targets, 2_000))
  }
  const [our, their] = [least(ours), least(theirs)]
  const bulkGet = await pollSnmpBulkGet(targets, 300)
  const exporter = await pollExporter(targets, 500, 'counters')
  return {
    cpuRatioNetSnmp: perPoll(our) / perPoll(their),
    targetsPerSecond: our.polls / our.wallSeconds,
    cpuSecondsPer10kPolls: per10k(our),
    netSnmpCpuSecondsPer10kPolls: per10k(their),
    ...(bulkGet !== null && { snmpBulkGetCpuSecondsPer10kPolls: per10k(bulkGet) }),
    ...(exporter !== null && { snmpExporterCpuSecondsPer10kPolls: per10k(exporter) }),
  }
}

async function measureSwitches(client: SnmpClient, targets: readonly Target[]): Promise<Figures> {
  await pollSwitches(client, targets, 200)
  const ours: Cost[] = []
  const theirs: Cost[] = []
  for (let round = 0; round < rounds; round++) {
    ours.push(await pollSwitches(client, targets, 600))
    theirs.push(await pollNetSnmpSwitches(targets, 200))
  }
  const [our, their] = [least(ours), least(theirs)]
  const exporter = await pollExporter(targets, 300, 'switch')
  return {
    cpuRatioNetSnmpSwitches: perPoll(our) / perPoll(their),
    switchesPerSecond: our.polls / our.wallSeconds,
    cpuSecondsPer10kSwitches: per10k(our),
    netSnmpCpuSecondsPer10kSwitches: per10k(their),
    ...(exporter !== null && { snmpExporterCpuSecondsPer10kSwitches: per10k(exporter) }),
  }
}

/** 5,000 devices every 10 s, of which 500 never answer. */
async function measureOnTime(client: SnmpClient, live: readonly Target[], seconds: number): Promise<Figures> {
  const dead = Array.from({ length: deadCount }, (_, i) =>
    client.target({ address: `127.2.${i >> 8}.${i & 255}`, port: 9, community: 'public' }),
  )
  return pollOnTime(client, live, dead, seconds)
}

await main()
