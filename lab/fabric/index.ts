/**
 * Brings a planned fabric up in network namespaces of its own, with real daemons, and takes it down. Needs root, iproute2, snmpd, lldpd and
 * FRR with its SNMP modules. Nothing outside its own namespaces and its folder is touched.
 */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { lookEverySecond } from './agent.ts'
import { agentSocket, bgpdConfig, lldpdConfig, snmpdConfig, zebraConfig } from './config.ts'
import { pollerAddress, type FabricNode, type FabricPlan, type FabricPort } from './plan.ts'

export * from './plan.ts'

const frr = '/usr/lib/frr'
const needed: readonly (readonly string[])[] = [
  ['/usr/sbin/snmpd'],
  ['/usr/bin/snmpset'],
  ['/usr/sbin/lldpd'],
  [`${frr}/bgpd`],
  ['/usr/sbin/ip', '/sbin/ip', '/usr/bin/ip'],
  // Debian's place of modules depends on the machine's architecture.
  [frr, '/usr/lib/x86_64-linux-gnu/frr', '/usr/lib/aarch64-linux-gnu/frr'].map(
    (folder) => `${folder}/modules/bgpd_snmp.so`,
  ),
]

/** Why there can be no fabric here; undefined when there can. */
export function missingForFabric(): string | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0)
    return 'only root of a Linux can make network namespaces'
  const missing = needed.flatMap((paths) => (paths.some((path) => existsSync(path)) ? [] : paths.at(0)!))
  if (missing.length > 0)
    return `${missing.join(', ')} not found (apt-get install iproute2 snmp snmpd lldpd frr frr-snmp)`
  try {
    execFileSync('ip', ['netns', 'add', `${prefix}probe`], { stdio: 'pipe' })
    execFileSync('ip', ['netns', 'del', `${prefix}probe`], { stdio: 'pipe' })
    return undefined
  } catch {
    return 'network namespaces cannot be made here'
  }
}

/** Names of namespaces tell which process made them. */
const prefix = `plf${process.pid}-`

export interface Fabric {
  readonly plan: FabricPlan
  /** The namespace in which the poller is to run: it reaches every node's management address, and nothing else. */
  readonly poller: string
  /** Starts a program in the poller's namespace; it is ended with the fabric. */
  spawn(command: string, args: readonly string[], env: NodeJS.ProcessEnv): ChildProcess
  /** The words that run FRR's shell on a node, also from the poller's namespace. */
  vtysh(node: FabricNode): string[]
  /** Pulls a cable at this end, or puts it in. */
  setLink(port: FabricPort, isUp: boolean): void
  /** Pulls every cable of a node, that of its management too, or puts them in. */
  setNode(node: FabricNode, isUp: boolean): void
  /** Ends FRR on a node as its service would; resolves when it has ended. */
  stopRouting(node: FabricNode): Promise<void>
  startRouting(node: FabricNode): void
  /** Ends the SNMP agent of a node with SIGKILL. */
  killAgent(node: FabricNode): void
  close(): Promise<void>
}

export async function startFabric(plan: FabricPlan): Promise<Fabric> {
  sweep()
  const live = new LiveFabric(plan)
  try {
    await live.open()
    return live
  } catch (error) {
    await live.close()
    throw error
  }
}

/** What a killed run has left: namespaces and folders of processes that are no more. */
function sweep(): void {
  const isLeft = (name: string): boolean => {
    const pid = Number(/^plf(\d+)-/.exec(name)?.[1])
    return pid > 0 && !existsSync(`/proc/${pid}`)
  }
  for (const name of namespaces().filter(isLeft)) remove(name)
  for (const name of readdirSync('/tmp').filter(isLeft))
    rmSync(join('/tmp', name), { recursive: true, force: true })
}

function namespaces(): string[] {
  try {
    return readdirSync('/run/netns')
  } catch {
    return []
  }
}

function pidsOf(name: string): number[] {
  try {
    const text = execFileSync('ip', ['netns', 'pids', name], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    return text.split('\n').map(Number).filter(Boolean)
  } catch {
    return []
  }
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch {
    // It has ended by itself.
  }
}

function remove(name: string): void {
  for (const pid of pidsOf(name)) kill(pid, 'SIGKILL')
  execFileSync('ip', ['netns', 'del', name], { stdio: 'pipe' })
}

class LiveFabric implements Fabric {
  readonly plan: FabricPlan
  readonly poller = `${prefix}poller`
  // Short, because it holds sockets; daemons that are not root look into it.
  readonly #folder = mkdtempSync(`/tmp/${prefix}`)
  readonly #children = new Set<ChildProcess>()
  readonly #agents = new Map<FabricNode, ChildProcess>()
  readonly #routing = new Map<FabricNode, ChildProcess[]>()

  constructor(plan: FabricPlan) {
    this.plan = plan
    chmodSync(this.#folder, 0o755)
  }

  async open(): Promise<void> {
    ip(...networkOf(this.plan, this.poller))
    for (const node of this.plan.nodes) {
      this.#prepare(node)
      this.#agents.set(
        node,
        this.#daemon(node, [
          'snmpd',
          '-f',
          '-C',
          '-c',
          this.#file(node, 'snmpd.conf'),
          '-Lf',
          this.#file(node, 'snmpd.log'),
          '-I',
          '-smux',
        ]),
      )
    }
    for (const node of this.plan.nodes) {
      await untilThere(agentSocket(this.#file(node)))
      this.#daemon(node, [
        'lldpd',
        '-d',
        '-x',
        '-X',
        `unix:${agentSocket(this.#file(node))}`,
        '-u',
        this.#file(node, 'lldpd.sock'),
        '-O',
        this.#file(node, 'lldpd.conf'),
      ])
      this.startRouting(node)
      // Whatever a guest sends, its host learns its address by that.
      for (const { name } of node.guests)
        inside(guestSpace(name), ['bash', '-c', 'echo >/dev/udp/169.254.1.1/9'])
    }
    await lookEverySecond(this.poller, this.plan.nodes)
  }

  startRouting(node: FabricNode): void {
    const common = ['-A', '127.0.0.1', '-z', this.#file(node, 'run/zserv.api')]
    common.push('--vty_socket', this.#file(node, 'run'), '-M', 'snmp')
    const filesOf = (name: string): string[] => [
      ...['-i', this.#file(node, `run/${name}.pid`)],
      ...['-f', this.#file(node, `frr/${name}.conf`)],
    ]
    this.#routing.set(node, [
      this.#daemon(node, [`${frr}/zebra`, ...common, '-s', '1000000', ...filesOf('zebra')]),
      this.#daemon(node, [`${frr}/bgpd`, ...common, ...filesOf('bgpd')]),
    ])
  }

  async stopRouting(node: FabricNode): Promise<void> {
    const running = this.#routing.get(node) ?? []
    this.#routing.delete(node)
    const ended = running.map((child) => once(child, 'exit'))
    for (const child of running) child.kill('SIGTERM')
    await Promise.all(ended)
  }

  setNode(node: FabricNode, isUp: boolean): void {
    for (const name of ['mgmt0', ...node.ports.map((port) => port.name)])
      ip(`-n ${space(node)} link set ${name} ${isUp ? 'up' : 'down'}`)
  }

  spawn(command: string, args: readonly string[], env: NodeJS.ProcessEnv): ChildProcess {
    return this.#track(
      spawn('ip', ['netns', 'exec', this.poller, command, ...args], {
        env,
        stdio: ['ignore', 'pipe', 'pipe'],
      }),
    )
  }

  vtysh(node: FabricNode): string[] {
    return ['/usr/bin/vtysh', '--vty_socket', this.#file(node, 'run')]
  }

  setLink(port: FabricPort, isUp: boolean): void {
    ip(`-n ${space(port.node)} link set ${port.name} ${isUp ? 'up' : 'down'}`)
  }

  killAgent(node: FabricNode): void {
    this.#agents.get(node)!.kill('SIGKILL')
  }

  async close(): Promise<void> {
    for (const child of this.#children) child.kill('SIGTERM')
    await Promise.race([this.#ended(), delay(5_000, undefined, { ref: false })])
    const own = namespaces().filter((name) => name.startsWith(prefix))
    for (const name of own) for (const pid of pidsOf(name)) kill(pid, 'SIGKILL')
    await this.#ended()
    for (const name of own) remove(name)
    rmSync(this.#folder, { recursive: true, force: true })
  }

  #file = (node: FabricNode, name = ''): string => join(this.#folder, node.name, name)

  #prepare(node: FabricNode): void {
    const owner = frrOwner()
    for (const name of ['', 'frr', 'run', 'var'])
      mkdirSync(this.#file(node, name), { recursive: true, mode: 0o755 })
    const write = (name: string, text: string) => writeFileSync(this.#file(node, name), text)
    write('snmpd.conf', snmpdConfig(node, this.#file(node)))
    write('lldpd.conf', lldpdConfig(node))
    write('frr.conf', `agentXSocket unix:${agentSocket(this.#file(node))}\n`)
    write('frr/zebra.conf', zebraConfig(node))
    write('frr/bgpd.conf', bgpdConfig(node))
    execFileSync('chown', ['-R', owner, this.#file(node, 'frr'), this.#file(node, 'run')])
    chmodSync(this.#file(node, 'var'), 0o777)
  }

  /** In the node's namespace, with a host name and a /run/lldpd of its own. The process keeps its id through every exec. */
  #daemon(node: FabricNode, command: string[]): ChildProcess {
    const script = `hostname ${node.name}; mkdir -p /run/lldpd; mount -t tmpfs tmpfs /run/lldpd; exec "$@"`
    const env = {
      ...process.env,
      SNMPCONFPATH: this.#file(node),
      SNMP_PERSISTENT_DIR: this.#file(node, 'var'),
      MIBS: '',
    }
    const args = [
      'netns',
      'exec',
      space(node),
      'unshare',
      '--uts',
      '--mount',
      'bash',
      '-c',
      script,
      '_',
      ...command,
    ]
    return this.#track(spawn('ip', args, { env, stdio: 'ignore' }))
  }

  #track(child: ChildProcess): ChildProcess {
    this.#children.add(child)
    child.once('exit', () => this.#children.delete(child))
    return child
  }

  async #ended(): Promise<void> {
    await Promise.all([...this.#children].map((child) => once(child, 'exit')))
  }
}

const space = (node: { name: string }): string => `${prefix}${node.name}`
const guestSpace = (name: string): string => `${prefix}${name}`
const frrOwner = (): string => (/^frr:/m.test(readFileSync('/etc/passwd', 'utf8')) ? 'frr:frr' : 'root:root')

/** Runs lines of `ip`, in order. */
function ip(...lines: string[]): void {
  for (const line of lines) execFileSync('ip', line.split(' '), { stdio: ['ignore', 'ignore', 'pipe'] })
}

const inside = (name: string, command: string[]): void => {
  execFileSync('ip', ['netns', 'exec', name, ...command], { stdio: 'pipe' })
}

async function untilThere(path: string): Promise<void> {
  for (let tries = 0; !existsSync(path); tries++) {
    if (tries > 400) throw new Error(`${path} does not come: see the log beside it`)
    await delay(25)
  }
}

/** Namespaces, the management network, cables, guests: lines of `ip`. */
function networkOf(plan: FabricPlan, poller: string): string[] {
  return [
    `netns add ${poller}`,
    `-n ${poller} link set lo up`,
    `-n ${poller} link add br0 type bridge`,
    `-n ${poller} addr add ${pollerAddress}/24 dev br0`,
    `-n ${poller} link set br0 up`,
    ...plan.nodes.flatMap((node) => nodeLines(node, poller)),
    ...plan.cables.flatMap(cableLines),
    ...plan.nodes.flatMap((node) => guestLines(node)),
  ]
}

const nodeLines = (node: FabricNode, poller: string): string[] => [
  `netns add ${space(node)}`,
  `-n ${space(node)} link set lo up`,
  `-n ${space(node)} addr add ${node.loopback}/32 dev lo`,
  `netns exec ${space(node)} sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.all.rp_filter=0`,
  `-n ${poller} link add m-${node.name} type veth peer name mgmt0 netns ${space(node)}`,
  `-n ${poller} link set m-${node.name} master br0 up`,
  `-n ${space(node)} addr add ${node.management}/24 dev mgmt0`,
  `-n ${space(node)} link set mgmt0 up`,
]

function cableLines(port: FabricPort): string[] {
  const [near, far] = [space(port.node), space(port.far.node)]
  return [
    `-n ${near} link add ${port.name} type veth peer name ${port.far.name} netns ${far}`,
    `-n ${near} addr add ${port.address}/31 dev ${port.name}`,
    `-n ${far} addr add ${port.far.address}/31 dev ${port.far.name}`,
    `-n ${near} link set ${port.name} up`,
    `-n ${far} link set ${port.far.name} up`,
  ]
}

/** Guests are namespaces behind a bridge, each with a /32 that its host announces: layer 3 to the host, no tunnel. */
function guestLines(node: FabricNode): string[] {
  if (node.guests.length === 0) return []
  return [
    `-n ${space(node)} link add br-vm type bridge`,
    `-n ${space(node)} addr add 169.254.1.1/32 dev br-vm`,
    `-n ${space(node)} link set br-vm up`,
    ...node.guests.flatMap(({ name, address, mac }, index) => [
      `netns add ${guestSpace(name)}`,
      `-n ${space(node)} link add vm${index + 1} type veth peer name eth0 address ${mac} netns ${guestSpace(name)}`,
      `-n ${space(node)} link set vm${index + 1} master br-vm up`,
      `-n ${guestSpace(name)} link set lo up`,
      `-n ${guestSpace(name)} addr add ${address}/32 dev eth0`,
      `-n ${guestSpace(name)} link set eth0 up`,
      `-n ${guestSpace(name)} route add 169.254.1.1/32 dev eth0`,
      `-n ${guestSpace(name)} route add default via 169.254.1.1`,
      `-n ${space(node)} route add ${address}/32 dev br-vm`,
    ]),
  ]
}
