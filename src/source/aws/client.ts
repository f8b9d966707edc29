/** The SDK's clients, over our HTTP: with its bounds, and with nothing but questions. */
import { setTimeout as delay } from 'node:timers/promises'
import {
  DescribeInstancesCommand,
  DescribeInstanceTypesCommand,
  DescribeNetworkInterfacesCommand,
  DescribeRegionsCommand,
  DescribeSubnetsCommand,
  DescribeVolumesCommand,
  DescribeVpcsCommand,
  EC2Client,
  type Instance,
  type InstanceTypeInfo,
  type NetworkInterface,
  type Subnet,
  type Volume,
  type Vpc,
  type _InstanceType,
} from '@aws-sdk/client-ec2'
import type { DBInstance } from '@aws-sdk/client-rds'
import { AssumeRoleCommand, GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts'
import { SourceError, type SourceEnvironment } from '../source.ts'
import { toSourceError } from './error.ts'
import { Handler } from './handler.ts'
import type { Settings } from './index.ts'
import { RegionServices, type Balancer, type Services } from './service.ts'

/** What one region holds. */
export interface RegionInventory {
  region: string
  instances: Instance[]
  types: Map<string, InstanceTypeInfo>
  vpcs: Vpc[]
  subnets: Subnet[]
  interfaces: NetworkInterface[]
  volumes: Volume[]
  services: Services
}

export interface Account {
  id(signal: AbortSignal): Promise<string>
  regions(signal: AbortSignal): Promise<string[]>
  inventory(region: string, signal: AbortSignal): Promise<RegionInventory>
  close(): void
}

/** Between two tries of what Amazon slows down. */
const againMs = [500, 1_000, 2_000, 4_000]
const typesAtOnce = 100
const roleSeconds = 3_600

interface Login {
  accessKeyId: string
  secretAccessKey: string
  sessionToken?: string
  expiration?: Date
}

export const openAccount = (own: Settings, environment: SourceEnvironment): Account =>
  new Sdk(own, environment)

class Sdk implements Account {
  readonly #own: Settings
  readonly #environment: SourceEnvironment
  readonly #handler: Handler
  readonly #clients = new Map<string, EC2Client>()
  readonly #services = new Map<string, RegionServices>()
  /** What was told last of what may not be seen at the moment, by region and action. */
  readonly #last = new Map<string, readonly unknown[]>()
  #sts: STSClient | undefined

  constructor(own: Settings, environment: SourceEnvironment) {
    this.#own = own
    this.#environment = environment
    this.#handler = new Handler(environment, own.requestSeconds * 1_000)
  }

  async id(signal: AbortSignal): Promise<string> {
    const sts = (this.#sts ??= new STSClient(this.#options(this.#own.region)))
    const { Account: id } = await this.#ask(
      'GetCallerIdentity',
      (abortSignal) => sts.send(new GetCallerIdentityCommand({}), { abortSignal }),
      signal,
    )
    if (!id) throw new SourceError('bad', 'GetCallerIdentity: the answer names no account')
    return id
  }

  async regions(signal: AbortSignal): Promise<string[]> {
    if (this.#own.regions !== undefined) return this.#own.regions
    const client = this.#ec2(this.#own.region)
    const { Regions } = await this.#ask(
      'DescribeRegions',
      (abortSignal) => client.send(new DescribeRegionsCommand({}), { abortSignal }),
      signal,
    )
    return needed('DescribeRegions', Regions).flatMap(({ RegionName }) => RegionName ?? [])
  }

  async inventory(region: string, signal: AbortSignal): Promise<RegionInventory> {
    const client = this.#ec2(region)
    const page = { MaxResults: this.#own.pageSize }
    const [reservations, vpcs, subnets, interfaces, volumes] = await Promise.all([
      this.#list(
        'DescribeInstances',
        (NextToken, to) => client.send(new DescribeInstancesCommand({ ...page, NextToken }), to),
        ({ Reservations }) => Reservations,
        signal,
      ),
      this.#list(
        'DescribeVpcs',
        (NextToken, to) => client.send(new DescribeVpcsCommand({ ...page, NextToken }), to),
        ({ Vpcs }) => Vpcs,
        signal,
      ),
      this.#list(
        'DescribeSubnets',
        (NextToken, to) => client.send(new DescribeSubnetsCommand({ ...page, NextToken }), to),
        ({ Subnets }) => Subnets,
        signal,
      ),
      this.#list(
        'DescribeNetworkInterfaces',
        (NextToken, to) => client.send(new DescribeNetworkInterfacesCommand({ ...page, NextToken }), to),
        ({ NetworkInterfaces }) => NetworkInterfaces,
        signal,
      ),
      this.#list(
        'DescribeVolumes',
        (NextToken, to) => client.send(new DescribeVolumesCommand({ ...page, NextToken }), to),
        ({ Volumes }) => Volumes,
        signal,
      ),
    ])
    const instances = reservations.flatMap(({ Instances }) => Instances ?? [])
    const types = await this.#types(client, instances, signal)
    const services = await this.#listServices(region, signal)
    return { region, instances, types, vpcs, subnets, interfaces, volumes, services }
  }

  close(): void {
    for (const client of [...this.#clients.values(), ...this.#services.values()]) client.destroy()
    this.#sts?.destroy()
    this.#handler.destroy()
  }

  async #listServices(region: string, signal: AbortSignal): Promise<Services> {
    const known = this.#services.get(region) ?? new RegionServices(this.#options(region))
    this.#services.set(region, known)
    const ask = <T>(what: string, send: (abortSignal: AbortSignal) => Promise<T>) =>
      this.#ask(what, send, signal)
    const [databases, balancers] = await Promise.all([
      this.#permitted<DBInstance>(`${region} rds`, () => known.databases(ask)),
      this.#permitted<Balancer>(`${region} elasticloadbalancing`, () => known.balancers(ask)),
    ])
    return { databases, balancers }
  }

  /** An account may lack the right to see services: that is a note, and ends nothing that was seen before. */
  async #permitted<T>(what: string, list: () => Promise<T[]>): Promise<T[]> {
    try {
      const found = await list()
      this.#last.set(what, found)
      return found
    } catch (error) {
      if (!(error instanceof SourceError) || error.failure !== 'denied') throw error
      this.#environment.log.warn({ what, reason: error.message }, 'services may not be listed')
      return (this.#last.get(what) ?? []) as T[]
    }
  }

  async #types(
    client: EC2Client,
    instances: readonly Instance[],
    signal: AbortSignal,
  ): Promise<Map<string, InstanceTypeInfo>> {
    const names = [...new Set(instances.flatMap(({ InstanceType }) => InstanceType ?? []))]
    const known = new Map<string, InstanceTypeInfo>()
    for (let from = 0; from < names.length; from += typesAtOnce) {
      const InstanceTypes: _InstanceType[] = names.slice(from, from + typesAtOnce)
      const { InstanceTypes: told } = await this.#ask(
        'DescribeInstanceTypes',
        (abortSignal) => client.send(new DescribeInstanceTypesCommand({ InstanceTypes }), { abortSignal }),
        signal,
      )
      for (const one of told ?? []) if (one.InstanceType) known.set(one.InstanceType, one)
    }
    return known
  }

  async #list<A extends { NextToken?: string | undefined }, T>(
    what: string,
    send: (token: string | undefined, to: { abortSignal: AbortSignal }) => Promise<A>,
    take: (answer: A) => T[] | undefined,
    signal: AbortSignal,
  ): Promise<T[]> {
    const all: T[] = []
    for (let token: string | undefined; ;) {
      const answer: A = await this.#ask(what, (abortSignal) => send(token, { abortSignal }), signal)
      all.push(...needed(what, take(answer)))
      if (!answer.NextToken) return all
      if (answer.NextToken === token) throw new SourceError('bad', `${what}: its pages do not come to an end`)
      token = answer.NextToken
    }
  }

  /** What Amazon slows down is asked again a little later. */
  async #ask<T>(what: string, send: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T> {
    for (let tries = 0; ; tries++) {
      try {
        return await send(signal)
      } catch (cause) {
        const error = toSourceError(what, cause, signal)
        const ms = againMs[tries]
        if (error.failure !== 'busy' || ms === undefined) throw error
        await delay(ms * (0.5 + Math.random()), undefined, { signal }).catch(() => {
          throw new SourceError('aborted', `${what}: given up`)
        })
      }
    }
  }

  #ec2(region: string): EC2Client {
    const client = this.#clients.get(region) ?? new EC2Client(this.#options(region))
    this.#clients.set(region, client)
    return client
  }

  #options(region: string) {
    const { endpoint, accessKeyId, roleArn } = this.#own
    return {
      region,
      maxAttempts: 1,
      requestHandler: this.#handler,
      ...(endpoint === undefined ? {} : { endpoint }),
      // Without keys the SDK looks where all clients of Amazon look.
      ...(roleArn === undefined && accessKeyId === undefined ? {} : { credentials: () => this.#login() }),
    }
  }

  async #login(): Promise<Login> {
    if (this.#own.roleArn === undefined) return this.#keys()
    const { region, roleArn, externalId, endpoint, accessKeyId } = this.#own
    const sts = new STSClient({
      region,
      maxAttempts: 2,
      requestHandler: this.#handler,
      ...(endpoint === undefined ? {} : { endpoint }),
      ...(accessKeyId === undefined ? {} : { credentials: () => this.#keys() }),
    })
    const { Credentials: given } = await sts.send(
      new AssumeRoleCommand({
        RoleArn: roleArn,
        RoleSessionName: 'plenum',
        DurationSeconds: roleSeconds,
        ...(externalId === undefined ? {} : { ExternalId: await this.#environment.secret(externalId) }),
      }),
    )
    if (!given?.AccessKeyId || !given.SecretAccessKey)
      throw new SourceError('bad', 'AssumeRole: the answer has no credentials')
    return {
      accessKeyId: given.AccessKeyId,
      secretAccessKey: given.SecretAccessKey,
      ...(given.SessionToken ? { sessionToken: given.SessionToken } : {}),
      ...(given.Expiration ? { expiration: given.Expiration } : {}),
    }
  }

  async #keys(): Promise<Login> {
    const { accessKeyId, secretAccessKey } = this.#own
    return { accessKeyId: accessKeyId!, secretAccessKey: await this.#environment.secret(secretAccessKey!) }
  }
}

/** A list that is empty is told all the same: what has none is another answer. */
function needed<T>(what: string, list: T[] | undefined): T[] {
  if (list === undefined)
    throw new SourceError('bad', `${what}: the answer is not of the shape that is known`)
  return list
}
