/** The fabric as a source of the configuration: only addresses and credentials, nothing of what is to be found. */
import { snmpCredentials as credentials, pollerAddress, trapPort, type FabricPlan } from './plan.ts'

export interface FabricSourceOptions {
  /** Whether traps are listened for. */
  traps: boolean
  intervalSeconds: number
}

/** Where the configuration finds its secrets. */
export const snmpSecrets = {
  FABRIC_COMMUNITY: credentials.community,
  FABRIC_AUTH: credentials.authPassword,
  FABRIC_PRIV: credentials.privPassword,
} as const

export const snmpSource = (plan: FabricPlan, { traps, intervalSeconds }: FabricSourceOptions): object => ({
  fabric: {
    driver: 'snmp',
    interval: intervalSeconds,
    credentials: {
      open: { version: '2c', community: 'env:FABRIC_COMMUNITY' },
      private: {
        user: credentials.user,
        auth: { protocol: 'SHA-256', password: 'env:FABRIC_AUTH' },
        priv: { protocol: 'AES-256', password: 'env:FABRIC_PRIV' },
      },
    },
    seeds: plan.nodes.map(({ management, isPrivate }) => ({
      address: management,
      credentials: [isPrivate ? 'private' : 'open'],
    })),
    ...(traps ? { traps: { address: pollerAddress, port: trapPort } } : {}),
  },
})
