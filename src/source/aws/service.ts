/** What a region offers as services: databases of RDS, load balancers with what they listen on and whom they lead to. */
import {
  DescribeListenersCommand,
  DescribeLoadBalancersCommand,
  DescribeTagsCommand,
  DescribeTargetGroupsCommand,
  DescribeTargetHealthCommand,
  ElasticLoadBalancingV2Client,
  type Listener,
  type LoadBalancer,
  type Tag,
  type TargetHealthDescription,
} from '@aws-sdk/client-elastic-load-balancing-v2'
import { DescribeDBInstancesCommand, RDSClient, type DBInstance } from '@aws-sdk/client-rds'
import { SourceError } from '../source.ts'

export interface Balancer {
  balancer: LoadBalancer
  listeners: Listener[]
  /** Of all its target groups. */
  targets: TargetHealthDescription[]
  tags: Tag[]
}
export interface Services {
  databases: DBInstance[]
  balancers: Balancer[]
}

/** Asks one thing; what Amazon slows down is asked again. */
export type Ask = <T>(what: string, send: (abortSignal: AbortSignal) => Promise<T>) => Promise<T>
type To = { abortSignal: AbortSignal }

/** Requests under way for the parts of load balancers: there is none that tells of all. */
const atOnce = 4
const tagsAtOnce = 20

interface ClientOptions {
  region: string
  maxAttempts: number
}

export class RegionServices {
  readonly #rds: RDSClient
  readonly #elb: ElasticLoadBalancingV2Client

  constructor(options: ClientOptions) {
    this.#rds = new RDSClient(options)
    this.#elb = new ElasticLoadBalancingV2Client(options)
  }

  async databases(ask: Ask): Promise<DBInstance[]> {
    return pages(async (Marker) => {
      const answer = await ask('DescribeDBInstances', (abortSignal) =>
        this.#rds.send(new DescribeDBInstancesCommand({ Marker, MaxRecords: 100 }), { abortSignal }),
      )
      return { list: answer.DBInstances ?? [], next: answer.Marker }
    })
  }

  async balancers(ask: Ask): Promise<Balancer[]> {
    const listed = await this.#list(ask, 'DescribeLoadBalancers', async (Marker, to) => {
      const answer = await this.#elb.send(new DescribeLoadBalancersCommand({ Marker, PageSize: 400 }), to)
      return { list: answer.LoadBalancers ?? [], next: answer.NextMarker }
    })
    if (listed.length === 0) return []
    const groups = await this.#list(ask, 'DescribeTargetGroups', async (Marker, to) => {
      const answer = await this.#elb.send(new DescribeTargetGroupsCommand({ Marker, PageSize: 400 }), to)
      return { list: answer.TargetGroups ?? [], next: answer.NextMarker }
    })
    const targets = new Map<string, TargetHealthDescription[]>()
    await each(groups, async ({ TargetGroupArn, LoadBalancerArns = [] }) => {
      if (TargetGroupArn === undefined || LoadBalancerArns.length === 0) return
      const told = await orNothing(async () => {
        const answer = await ask('DescribeTargetHealth', (abortSignal) =>
          this.#elb.send(new DescribeTargetHealthCommand({ TargetGroupArn }), { abortSignal }),
        )
        return answer.TargetHealthDescriptions
      })
      for (const arn of LoadBalancerArns) targets.set(arn, [...(targets.get(arn) ?? []), ...told])
    })
    const tags = await this.#tags(ask, listed)
    const balancers: Balancer[] = []
    await each(listed, async (balancer) => {
      const arn = balancer.LoadBalancerArn
      if (arn === undefined) return
      balancers.push({
        balancer,
        listeners: await orNothing(() => this.#listeners(ask, arn)),
        targets: targets.get(arn) ?? [],
        tags: tags.get(arn) ?? [],
      })
    })
    return balancers
  }

  destroy(): void {
    this.#rds.destroy()
    this.#elb.destroy()
  }

  #listeners(ask: Ask, LoadBalancerArn: string): Promise<Listener[]> {
    return this.#list(ask, 'DescribeListeners', async (Marker, to) => {
      const command = new DescribeListenersCommand({ LoadBalancerArn, Marker, PageSize: 400 })
      const answer = await this.#elb.send(command, to)
      return { list: answer.Listeners ?? [], next: answer.NextMarker }
    })
  }

  async #tags(ask: Ask, balancers: readonly LoadBalancer[]): Promise<Map<string, Tag[]>> {
    const arns = balancers.flatMap(({ LoadBalancerArn }) => LoadBalancerArn ?? [])
    const tags = new Map<string, Tag[]>()
    for (let from = 0; from < arns.length; from += tagsAtOnce) {
      const ResourceArns = arns.slice(from, from + tagsAtOnce)
      const told = await orNothing(async () => {
        const answer = await ask('DescribeTags', (abortSignal) =>
          this.#elb.send(new DescribeTagsCommand({ ResourceArns }), { abortSignal }),
        )
        return answer.TagDescriptions
      })
      for (const { ResourceArn, Tags } of told) if (ResourceArn) tags.set(ResourceArn, Tags ?? [])
    }
    return tags
  }

  #list<T>(
    ask: Ask,
    what: string,
    send: (marker: string | undefined, to: To) => Promise<{ list: T[]; next: string | undefined }>,
  ): Promise<T[]> {
    return pages((marker) => ask(what, (abortSignal) => send(marker, { abortSignal })))
  }
}

/** What is ended while it is listed is no reason to list nothing. */
async function orNothing<T>(list: () => Promise<T[] | undefined>): Promise<T[]> {
  try {
    return (await list()) ?? []
  } catch (error) {
    if (error instanceof SourceError && error.failure === 'missing') return []
    throw error
  }
}

async function pages<T>(
  read: (marker: string | undefined) => Promise<{ list: T[]; next: string | undefined }>,
): Promise<T[]> {
  const all: T[] = []
  for (let marker: string | undefined; ;) {
    const { list, next } = await read(marker)
    all.push(...list)
    if (!next) return all
    if (next === marker) throw new SourceError('bad', 'the pages do not come to an end')
    marker = next
  }
}

async function each<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const waiting = [...items]
  const worker = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await work(next)
  }
  await Promise.all(Array.from({ length: atOnce }, worker))
}
