/** The simulated devices, cloud and engine of the sample as sources of the configuration, the only ones that its database ever has; and pools of what stands in it. */
import { allocationShape } from '../allocation/index.ts'
import type { Config } from '../config.ts'
import { samplePools, sampleQuotas, type Demo } from '../demo/index.ts'
import { drivers, parseSources } from '../source/index.ts'

type Devices = Pick<Demo, 'devices' | 'community' | 'traps' | 'cloud' | 'engine'>

/** How a process of several is told that it shows the sample. */
const variable = 'PLENUM_DEMO_DEVICES'

export const demoEnvironment = (demo: Demo | undefined): NodeJS.ProcessEnv => {
  const { devices, community, traps, cloud, engine } = demo ?? {}
  return {
    [variable]: JSON.stringify(demo === undefined ? null : { devices, community, traps, cloud, engine }),
  }
}

/** Undefined: this process shows real things; null: the sample without its devices. */
export function demoOf(env: NodeJS.ProcessEnv): Devices | null | undefined {
  const text = env[variable]
  return text === undefined ? undefined : (JSON.parse(text) as Devices | null)
}

export function withDemo(config: Config, demo: Devices | undefined): Config {
  const { sources, faults } = parseSources(demo === undefined ? {} : toSources(demo), drivers)
  const [fault] = faults
  if (fault) throw new Error(`the sample's source: ${fault.path.join('.')}: ${fault.message}`)
  return { ...config, sources, allocation: allocationOf(config) }
}

/** Who says what to give is asked for that. */
function allocationOf({ allocation }: Config): Config['allocation'] {
  if (Object.keys(allocation.pools).length > 0) return allocation
  const { pools, quotas } = allocationShape.parse({ pools: samplePools, quotas: sampleQuotas })
  return { ...allocation, pools, quotas: [...quotas, ...allocation.quotas] }
}

/** The community and the password are no secrets, but a configuration holds references only. */
const communityVariable = 'PLENUM_DEMO_COMMUNITY'

const passwordVariable = 'PLENUM_DEMO_PASSWORD'

/** As in a configuration. */
export function toSources({ cloud, engine, ...devices }: Devices): Record<string, unknown> {
  return {
    demo: toDevices(devices),
    openstack: toCloud(cloud),
    docker: { driver: 'docker', interval: 30, ...engine },
  }
}

function toDevices({ devices, community, traps }: Omit<Devices, 'cloud' | 'engine'>): unknown {
  process.env[communityVariable] = community
  return {
    driver: 'snmp',
    interval: 30,
    traps,
    credentials: { demo: { community: `env:${communityVariable}` } },
    seeds: devices.map(({ address, port }) => ({ address, port })),
  }
}

function toCloud({ url, user, password, project }: Devices['cloud']): unknown {
  process.env[passwordVariable] = password
  return {
    driver: 'openstack',
    interval: 15,
    auth: {
      auth_url: `${url}/identity`,
      username: user,
      password: `env:${passwordVariable}`,
      project_name: project,
    },
  }
}
