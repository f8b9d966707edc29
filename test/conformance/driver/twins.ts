/** The twin of every driver, in the order of src/source/index.ts. */
import { parseDump } from '../../../src/source/netbox/client.ts'
import { aws } from '../../../src/source/aws/index.ts'
import { checks, services } from '../../../src/source/check/index.ts'
import { openstack } from '../../../src/source/openstack/index.ts'
import { docker } from '../../../src/source/docker/index.ts'
import { kubernetes } from '../../../src/source/kubernetes/index.ts'
import { netbox } from '../../../src/source/netbox/index.ts'
import { redfish } from '../../../src/source/redfish/index.ts'
import { FakeAws } from '../../source/aws/fake.ts'
import { FakeEngine } from '../../source/docker/fake.ts'
import { FakeCluster, fill } from '../../source/kubernetes/simulator.ts'
import { FakeController } from '../../source/redfish/fake.ts'
import { FakeCloud, uuid } from '../../source/openstack/fake.ts'
import { fixture } from '../../source/netbox/dump.ts'
import { answerAsNetbox } from '../../source/netbox/rest-server.ts'
import { snmpTwin } from './snmp.ts'
import { startFront } from './front.ts'
import type { Twin } from './twin.ts'

const netboxTwin: Twin = {
  driver: netbox,
  async start() {
    const token = 'f00dfacef00dfacef00dfacef00dface'
    const racks = Array.from({ length: 25 }, (_, index): [string, number, Record<string, unknown>] => [
      'dcim.rack',
      index + 1,
      {
        name: `r${index + 1}`,
        site: 1,
        status: 'active',
        u_height: 42,
        last_updated: '2026-01-01T00:00:00Z',
      },
    ])
    const site: [string, number, Record<string, unknown>] = [
      'dcim.site',
      1,
      { name: 'dc1', slug: 'dc1', status: 'active' },
    ]
    const dump = parseDump(JSON.stringify(fixture(site, ...racks)))
    const front = await startFront({ answer: answerAsNetbox(dump, token) })
    return {
      ...front,
      get settings() {
        return { url: front.url, token: 'env:NETBOX_TOKEN', pageSize: 10, requestSeconds: 0.5 }
      },
      secrets: { 'env:NETBOX_TOKEN': token },
      things: 26,
    }
  },
}

const openstackTwin: Twin = {
  driver: openstack,
  async start() {
    const cloud = new FakeCloud({ machines: 7, password: 'hush-hush-cloud-password' })
    const front = await startFront({
      answer: cloud.answer,
      isHarmless: ({ url }) => url === '/identity/v3/auth/tokens',
      onUrl: (url) => void (cloud.url = url),
    })
    cloud.url = front.url
    return {
      ...front,
      get settings() {
        const auth = {
          auth_url: `${front.url}/identity`,
          username: 'admin',
          password: 'env:OS_PASSWORD',
          project_name: 'admin',
        }
        return { auth, pageSize: 3, requestSeconds: 1 }
      },
      secrets: { 'env:OS_PASSWORD': cloud.password },
      live: {
        keys: ['hypervisor/RegionOne/node1', `server/${uuid(1)}`],
        metrics: ['hypervisor.cpu.usage', 'vm.cpu.time'],
      },
      // Machines, their ports and addresses; a region, a project, two hypervisors, a node with its port, an image; a network with its table, a subnet, a router, an address, a volume.
      things: 7 * 3 + 1 + 1 + 2 + 2 + 1 + 2 + 1 + 1 + 1 + 1,
    }
  },
}

const dockerTwin: Twin = {
  driver: docker,
  async start() {
    const engine = new FakeEngine()
    const front = await startFront({ answer: engine.answer })
    return {
      ...front,
      get settings() {
        return { url: front.url, requestSeconds: 0.5 }
      },
      secrets: {},
      // Three containers, each with a port, an interface, an address; their services; a network, its prefix, an image, a volume; the host and its addresses.
      things: 3 * 4 + 3 + 4 + 2,
      live: {
        keys: engine.containers.map(({ Id }) => `container/${Id}`),
        metrics: ['container.memory.usage'],
      },
    }
  },
}

const kubernetesTwin: Twin = {
  driver: kubernetes,
  async start() {
    const cluster = fill(new FakeCluster())
    const front = await startFront({ answer: cluster.answer })
    const keys = cluster.list('api/v1/pods').map(({ metadata }) => `container/${metadata.uid}/main`)
    return {
      ...front,
      get settings() {
        return { url: front.url, token: 'env:K8S_TOKEN', pageSize: 1, requestSeconds: 0.5 }
      },
      secrets: { 'env:K8S_TOKEN': cluster.token },
      // Two containers with an interface and an address each; a cluster with its table of addresses, a node, a namespace, a workload, a service, an endpoint, a volume.
      things: 2 * 3 + 8,
      live: { keys, metrics: ['container.memory.usage'] },
    }
  },
}

const awsTwin: Twin = {
  driver: aws,
  async start() {
    const cloud = new FakeAws()
    // Its questions are POSTs: what changes something it knows itself.
    const front = await startFront({ answer: cloud.answer, isHarmless: () => true })
    return {
      ...front,
      writes: () => cloud.changes,
      get settings() {
        const login = { accessKeyId: 'AKIA', secretAccessKey: 'env:AWS_SECRET' }
        return { endpoint: front.url, ...login, regions: ['eu-west-1'], requestSeconds: 0.5 }
      },
      secrets: { 'env:AWS_SECRET': cloud.secret },
      // Machines, each with an interface, two addresses, a volume; the account, a region, a network with its table, a subnet;
      // databases with an endpoint, load balancers with two.
      things: 3 * 5 + 5 + 3 * 2 + 3 * 3,
    }
  },
}

const redfishTwin: Twin = {
  driver: redfish,
  measuresFailure: true,
  async start() {
    const controller = new FakeController()
    const front = await startFront({ answer: controller.answer })
    return {
      ...front,
      get settings() {
        const address = new URL(front.url)
        return {
          targets: [address.protocol === 'http:' ? front.url : address.host],
          user: 'reader',
          password: 'env:BMC_PASSWORD',
          interval: 1,
          requestSeconds: 0.5,
        }
      },
      secrets: { 'env:BMC_PASSWORD': controller.password },
      things: undefined,
      watched: { things: 9, isDown: (told) => 'silent' in told },
    }
  },
}

const checkTwin: Twin = {
  driver: checks,
  measuresFailure: true,
  immune: {
    garbage: 'what it answers is not looked at',
    shape: 'what it answers is not looked at',
  },
  async start() {
    const front = await startFront({ answer: (_, response) => void response.end('well') })
    return {
      ...front,
      get settings() {
        return { every: 60, deadline: 0.5, targets: { web: { url: `${front.url}/health`, service: 'Web' } } }
      },
      secrets: {},
      things: 2,
      live: { keys: ['web'], metrics: ['check.up'] },
    }
  },
}

const serviceTwin: Twin = {
  ...checkTwin,
  driver: services,
  async start() {
    const front = await startFront({ answer: (_, response) => void response.end('well') })
    return {
      ...front,
      get settings() {
        const endpoints = { health: { url: `${front.url}/health` } }
        return { every: 60, deadline: 0.5, services: { web: { endpoints, dependsOn: ['sql'] }, sql: {} } }
      },
      secrets: {},
      things: 3,
      live: { keys: ['endpoint/web/health'], metrics: ['check.up'] },
    }
  },
}

export const twins: readonly Twin[] = [
  netboxTwin,
  snmpTwin,
  openstackTwin,
  dockerTwin,
  kubernetesTwin,
  awsTwin,
  redfishTwin,
  checkTwin,
  serviceTwin,
]
