/** What an agent is told while it runs. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { tuningCommunity, type FabricNode } from './plan.ts'

const run = promisify(execFile)
/** NET-SNMP-AGENT-MIB::nsCacheTimeout of the ifTable. */
const interfaceCache = '1.3.6.1.4.1.8072.1.5.3.1.2.1.3.6.1.2.1.2.2'

/** snmpd looks at its interfaces every three seconds, which is part of no poller's interval: here every second, which is the least there is. */
export async function lookEverySecond(poller: string, nodes: readonly FabricNode[]): Promise<void> {
  await Promise.all(
    nodes.map(({ management }) =>
      run('ip', [
        ...['netns', 'exec', poller, 'snmpset', '-v2c', '-c', tuningCommunity, '-r', '30', '-t', '1', '-On'],
        ...[management, interfaceCache, 'i', '1'],
      ]),
    ),
  )
}
