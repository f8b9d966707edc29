/** EC2 and STS over HTTP, in the shapes that they answer in: one region after the other has the same kinds of things. Pages, throttling, and what it was asked to change. */
import type { IncomingMessage, ServerResponse } from 'node:http'

export interface FakeInstance {
  id: string
  state: string
  tags: Record<string, string>
}

const item = (text: string): string => `<item>${text}</item>`
const set = (name: string, items: readonly string[]): string =>
  `<${name}>${items.map(item).join('')}</${name}>`
const tagSet = (tags: Record<string, string>): string =>
  set(
    'tagSet',
    Object.entries(tags).map(([key, value]) => `<key>${key}</key><value>${value}</value>`),
  )

export class FakeAws {
  secret = 'hush-hush-secret-access-key'
  account = '123456789012'
  /** By region. */
  instances: Record<string, FakeInstance[]> = {
    'eu-west-1': ['a', 'b', 'c'].map((letter) => ({
      id: `i-0${letter.repeat(16)}`,
      state: 'running',
      tags: { Name: `web-${letter}`, team: 'retail' },
    })),
  }
  /** Databases and load balancers of eu-west-1; three of each. */
  hasServices = true
  /** A network beside the other has the same addresses. */
  overlaps = false
  /** What was listed a moment ago is no more. */
  readonly gone = new Set<string>()
  /** Services that this account may not see. */
  readonly denied = new Set<string>()
  /** So many of the next requests are slowed down. */
  throttle = 0
  roles: string[] = []
  readonly asked: string[] = []
  /** Actions that are no questions. */
  readonly changes: string[] = []

  answer = (request: IncomingMessage, response: ServerResponse): void => {
    let body = ''
    request.on('data', (chunk) => (body += String(chunk)))
    request.on('end', () => {
      const form = new URLSearchParams(body)
      const action = form.get('Action') ?? ''
      const [, region = '', service = ''] =
        /Credential=[^/]+\/\d+\/([\w-]+)\/([\w-]+)\//.exec(request.headers.authorization ?? '') ?? []
      this.asked.push(`${region} ${action}`)
      if (!/^(?:Describe|GetCallerIdentity|AssumeRole)/.test(action)) this.changes.push(action)
      const say = (status: number, text: string) =>
        void response.writeHead(status, { 'content-type': 'text/xml' }).end(text)
      if (this.throttle > 0) {
        this.throttle -= 1
        return say(503, faultOf('RequestLimitExceeded'))
      }
      if (this.denied.has(service)) return say(403, deniedOf())
      if (service in namespaces) {
        if (this.gone.has(action)) return say(400, goneOf())
        const result = answersOf(form, this.hasServices && region === 'eu-west-1')[action]
        if (result === undefined) return say(400, faultOf('InvalidAction'))
        return say(
          200,
          `<${action}Response xmlns="${namespaces[service]}"><${action}Result>${result}</${action}Result></${action}Response>`,
        )
      }
      const inner = this.#answers(form, region)[action]
      if (inner === undefined) return say(400, faultOf('InvalidAction'))
      const xmlns = action.startsWith('Describe')
        ? 'http://ec2.amazonaws.com/doc/2016-11-15/'
        : 'https://sts.amazonaws.com/doc/2011-06-15/'
      say(200, `<${action}Response xmlns="${xmlns}"><requestId>r</requestId>${inner}</${action}Response>`)
    })
  }

  #answers(form: URLSearchParams, region: string): Record<string, string> {
    if (form.has('RoleArn')) this.roles.push(form.get('RoleArn')!)
    const all = this.instances[region] ?? []
    const vpc = `vpc-${region}`
    const from = Number(form.get('NextToken') ?? 0)
    // However large a page may be: two are on it.
    const next = from + 2 < all.length ? `<nextToken>${from + 2}</nextToken>` : ''
    return {
      GetCallerIdentity: `<GetCallerIdentityResult><Account>${this.account}</Account><Arn>arn</Arn><UserId>u</UserId></GetCallerIdentityResult>`,
      AssumeRole: `<AssumeRoleResult><Credentials><AccessKeyId>ASIA</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult>`,
      DescribeRegions: set(
        'regionInfo',
        Object.keys(this.instances).map((name) => `<regionName>${name}</regionName>`),
      ),
      DescribeInstances:
        set(
          'reservationSet',
          all.slice(from, from + 2).map((one) => set('instancesSet', [toInstance(one, vpc)])),
        ) + next,
      DescribeInstanceTypes: set('instanceTypeSet', [
        '<instanceType>t3.micro</instanceType><vCpuInfo><defaultVCpus>2</defaultVCpus></vCpuInfo><memoryInfo><sizeInMiB>1024</sizeInMiB></memoryInfo>',
      ]),
      DescribeVpcs: set('vpcSet', [
        `<vpcId>${vpc}</vpcId><cidrBlock>172.31.0.0/16</cidrBlock><isDefault>true</isDefault>`,
      ]),
      DescribeSubnets: set('subnetSet', [
        `<subnetId>subnet-${region}</subnetId><vpcId>${vpc}</vpcId><cidrBlock>172.31.0.0/20</cidrBlock><availabilityZone>${region}a</availabilityZone>`,
      ]),
      DescribeNetworkInterfaces: set('networkInterfaceSet', [
        ...all.map((one, index) => toInterface(one, index, region)),
        ...(this.overlaps && all.length > 2 ? [toInterface(all[2]!, 1, 'elsewhere')] : []),
      ]),
      DescribeVolumes: set(
        'volumeSet',
        all.map(
          ({ id }) =>
            `<volumeId>vol-${id}</volumeId><size>8</size><status>in-use</status><volumeType>gp3</volumeType>${set(
              'attachmentSet',
              [`<instanceId>${id}</instanceId><device>/dev/sda1</device>`],
            )}`,
        ),
      ),
    }
  }
}

const toInstance = ({ id, state, tags }: FakeInstance, vpc: string): string =>
  `<instanceId>${id}</instanceId><imageId>ami-1</imageId><instanceState><code>16</code><name>${state}</name></instanceState><instanceType>t3.micro</instanceType>` +
  `<launchTime>2026-11-23T08:00:00.000Z</launchTime><placement><availabilityZone>eu-west-1a</availabilityZone></placement><vpcId>${vpc}</vpcId>` +
  `<instanceLifecycle>spot</instanceLifecycle>${tagSet(tags)}`

const toInterface = ({ id }: FakeInstance, index: number, region: string): string =>
  `<networkInterfaceId>eni-${id}</networkInterfaceId><subnetId>subnet-${region}</subnetId><vpcId>vpc-${region}</vpcId><status>in-use</status>` +
  `<macAddress>02:42:ac:1f:00:0${index}</macAddress><attachment><instanceId>${id}</instanceId></attachment>` +
  set('privateIpAddressesSet', [
    `<privateIpAddress>172.31.0.${index + 10}</privateIpAddress><association><publicIp>54.0.0.${index + 10}</publicIp></association>`,
  ])

const faultOf = (code: string): string =>
  `<Response><Errors><Error><Code>${code}</Code><Message>no</Message></Error></Errors><RequestID>r</RequestID></Response>`

const namespaces: Record<string, string> = {
  rds: 'http://rds.amazonaws.com/doc/2014-10-31/',
  elasticloadbalancing: 'http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/',
}
const goneOf = (): string =>
  '<ErrorResponse><Error><Type>Sender</Type><Code>TargetGroupNotFound</Code><Message>no</Message></Error><RequestId>r</RequestId></ErrorResponse>'
const deniedOf = (): string =>
  '<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>no</Message></Error><RequestId>r</RequestId></ErrorResponse>'
const members = (name: string, items: readonly string[], tag = 'member'): string =>
  `<${name}>${items.map((text) => `<${tag}>${text}</${tag}>`).join('')}</${name}>`
const arn = (name: string): string => `arn:aws:elasticloadbalancing:eu-west-1:1:loadbalancer/app/${name}/1`
const tag = (key: string, value: string): string => `<Key>${key}</Key><Value>${value}</Value>`

/** Two on a page. */
function answersOf(form: URLSearchParams, hasAny: boolean): Record<string, string> {
  const all = hasAny ? ['one', 'two', 'three'] : []
  const from = Number(form.get('Marker') ?? 0)
  const page = all.slice(from, from + 2)
  const more = from + 2 < all.length ? String(from + 2) : undefined
  const marker = (name: string) => (more === undefined ? '' : `<${name}>${more}</${name}>`)
  const own = form.get('LoadBalancerArn')?.split('/')[2] ?? ''
  return {
    DescribeDBInstances:
      members(
        'DBInstances',
        page.map(
          (name) =>
            `<DBInstanceIdentifier>db-${name}</DBInstanceIdentifier><Engine>postgres</Engine><EngineVersion>16.3</EngineVersion><DBInstanceStatus>available</DBInstanceStatus>` +
            `<DBInstanceClass>db.m6g.large</DBInstanceClass><AllocatedStorage>100</AllocatedStorage><MultiAZ>true</MultiAZ><DBSubnetGroup><VpcId>vpc-eu-west-1</VpcId></DBSubnetGroup>` +
            `<Endpoint><Address>db-${name}.abc.eu-west-1.rds.amazonaws.com</Address><Port>5432</Port></Endpoint>${members('TagList', [tag('team', 'retail')], 'Tag')}`,
        ),
        'DBInstance',
      ) + marker('Marker'),
    DescribeLoadBalancers:
      members(
        'LoadBalancers',
        page.map(
          (name) =>
            `<LoadBalancerArn>${arn(name)}</LoadBalancerArn><DNSName>lb-${name}.eu-west-1.elb.amazonaws.com</DNSName><LoadBalancerName>lb-${name}</LoadBalancerName>` +
            `<Scheme>internet-facing</Scheme><VpcId>vpc-eu-west-1</VpcId><State><Code>active</Code></State><Type>application</Type>`,
        ),
      ) + marker('NextMarker'),
    DescribeTargetGroups:
      members(
        'TargetGroups',
        page.map(
          (name) =>
            `<TargetGroupArn>group-${name}</TargetGroupArn>${members('LoadBalancerArns', [arn(name)])}`,
        ),
      ) + marker('NextMarker'),
    DescribeTargetHealth: members('TargetHealthDescriptions', [
      '<Target><Id>i-0aaaaaaaaaaaaaaaa</Id><Port>80</Port></Target><TargetHealth><State>healthy</State></TargetHealth>',
      '<Target><Id>172.31.0.11</Id><Port>80</Port></Target><TargetHealth><State>unhealthy</State></TargetHealth>',
      '<Target><Id>10.99.0.1</Id><Port>80</Port></Target><TargetHealth><State>healthy</State></TargetHealth>',
    ]),
    DescribeListeners: members('Listeners', [
      `<ListenerArn>${own}</ListenerArn><Port>443</Port><Protocol>HTTPS</Protocol>`,
      `<ListenerArn>${own}</ListenerArn><Port>80</Port><Protocol>HTTP</Protocol>`,
    ]),
    DescribeTags: members(
      'TagDescriptions',
      [...form.entries()]
        .filter(([key]) => key.startsWith('ResourceArns'))
        .map(([, value]) => `<ResourceArn>${value}</ResourceArn>${members('Tags', [tag('team', 'retail')])}`),
    ),
  }
}
