/** An AWS account: what EC2 lists in its regions, all at the same time. */
import { z } from 'zod'
import { secretReference, type Driver, type Source, type SourceEnvironment } from '../source.ts'
import type { Account } from './client.ts'
import { toObservations } from './map.ts'

const reference = z.string().regex(secretReference, 'a reference such as env:AWS_SECRET_ACCESS_KEY is needed')

const settings = z
  .strictObject({
    /** Which regions; default: all that the account has. */
    regions: z
      .array(z.string().regex(/^[a-z]{2}(?:-[a-z]+)+-\d$/, 'a region such as eu-west-1 is needed'))
      .min(1)
      .optional(),
    /** Where the account itself is asked for. */
    region: z.string().default('us-east-1'),
    accessKeyId: z.string().min(1).optional(),
    secretAccessKey: reference.optional(),
    /** Taken on with the login above. */
    roleArn: z.string().startsWith('arn:').optional(),
    externalId: reference.optional(),
    /** The tag whose value names the tenant. */
    tenantTag: z.string().min(1).optional(),
    /** Instead of Amazon's own addresses. */
    endpoint: z.url({ protocol: /^https?$/ }).optional(),
    pageSize: z.number().int().min(5).max(1_000).default(500),
    requestSeconds: z.number().positive().default(30),
  })
  .refine(
    ({ accessKeyId, secretAccessKey }) => (accessKeyId === undefined) === (secretAccessKey === undefined),
    {
      message: 'an access key and its secret belong together',
      path: ['secretAccessKey'],
    },
  )
export type Settings = z.infer<typeof settings>

export const aws: Driver<Settings> = {
  name: 'aws',
  authoritative: true,
  precedence: 60,
  role: 'observed',
  metrics: [],
  parseSettings: (value) => settings.parse(value),
  async open(own, environment) {
    // The SDK is large: who has no such source does not load it.
    const { openAccount } = await import('./client.ts')
    return open(openAccount(own, environment), own, environment)
  },
}

function open(account: Account, own: Settings, environment: SourceEnvironment): Source {
  return {
    async *list(signal) {
      const stop = new AbortController()
      const both = AbortSignal.any([signal, stop.signal])
      try {
        const [accountId, regions] = await Promise.all([account.id(both), account.regions(both)])
        const held = await Promise.all(regions.map((region) => account.inventory(region, both)))
        yield* toObservations({
          accountId,
          regions: held,
          source: environment.name,
          tenantTag: own.tenantTag,
        })
      } finally {
        stop.abort()
      }
    },
    probe: async (signal) => `account ${await account.id(signal)} answers`,
    close: async () => account.close(),
  }
}
