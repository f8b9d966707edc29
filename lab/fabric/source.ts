/** The fabric as a source of the configuration: only addresses and credentials, nothing of what is to be found. */
import { snmpCredentials as credentials, pollerAddress, trapPort, type FabricPlan } from './plan.ts'

export interface FabricSourceOptions {
  /** Whether traps are listened for. */
  traps: boolean
  intervalSeconds: number
}

export const snmpSource = (plan: FabricPlan, { traps, intervalSeconds }: FabricSourceOptions): object => ({
  fabric: {
    driver: 'snmp',
    interval: `${intervalSeconds}s`,
    credentials: {},
    seeds: plan.nodes.map(({ management }) => management),
    ...(traps ? { traps: { address: pollerAddress, port: trapPort } } : {}),
    community: credentials.community,
  },
})
