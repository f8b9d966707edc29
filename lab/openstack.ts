/**
 * Against a real OpenStack on this machine (Keystone, Nova with its fake hypervisors, Neutron, Glance, Cinder, Placement, Ironic of Debian; root, 3 GB of memory): what Plenum has equals what
 * the OpenStack client lists; what another client creates, renames and deletes is in the graph by notification; Nova's API stopped; many servers gone at once.
 * servers of an allocation on three hypervisors, released, and undone where something fails.
 *   npm run lab openstack [-- --machines N] [--home FOLDER] [--only allocate]
 * lab/openstack/openstack.sh brings it up when it does not answer yet (`install` first, once); `stop` ends it. Writes lab/results/openstack-DATE.json.
 */
import { execFile, spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs, promisify } from 'node:util'
import { openClient, untilAsync } from './openstack/client.ts'
import { allocateServers } from './openstack/allocate.ts'
import { startPlenum, type LabPlenum } from './openstack/plenum.ts'
import { killService, startService } from './openstack/service.ts'

const { values } = parseArgs({
  options: {
    machines: { type: 'string', default: '200' },
    home: { type: 'string', default: '/tmp/plenum-openstack' },
    only: { type: 'string' },
  },
})
const home = values.home
const script = join(import.meta.dirname, 'openstack', 'openstack.sh')
const auth = {
  auth_url: 'http://127.0.0.1:25000/v3',
  username: 'admin',
  password: 'env:LAB_OS_PASSWORD',
  project_name: 'admin',
  user_domain_name: 'Default',
  project_domain_name: 'Default',
}
process.env['LAB_OS_PASSWORD'] = 'lab'
const notifications = { url: 'amqp://127.0.0.1:20672/', user: 'lab', password: 'env:LAB_OS_PASSWORD' }

if (
  !(await fetch(auth.auth_url).then(
    ({ ok }) => ok,
    () => false,
  ))
)
  spawnSync('bash', [script, 'start'], { env: { ...process.env, LAB: home }, stdio: 'inherit' })

const cloud = await openClient(auth.auth_url)
const result: Record<string, unknown> = {}
const tell = (name: string, value: unknown) => {
  result[name] = value
  process.stdout.write(`${name}: ${JSON.stringify(value)}\n`)
}
const failed: string[] = []
const expect = (what: string, isSo: boolean) => {
  if (!isSo) failed.push(what)
}

await cloud.fill(Number(values.machines))
let plenum: LabPlenum
if (values.only === undefined) await compareAll()
const allocated = await allocateServers(auth, cloud)
tell('allocations', allocated.figures)
failed.push(...allocated.failed)
tell('failed', failed)
const folder = join(import.meta.dirname, 'results')
mkdirSync(folder, { recursive: true })
writeFileSync(
  join(
    folder,
    `openstack-${values.only === undefined ? '' : `${values.only}-`}${new Date().toISOString().slice(0, 10)}.json`,
  ),
  `${JSON.stringify(result, undefined, 2)}\n`,
)
process.exitCode = failed.length === 0 ? 0 : 1

async function compareAll(): Promise<void> {
  const common = { driver: 'openstack', auth, interval: '10h', perSecond: 1_000, pageSize: 50 }
  plenum = await startPlenum({ cloud: { ...common, notifications }, polled: common })
  try {
    await untilAsync(
      async () =>
        ((await plenum.stateOf('cloud'))?.lastSyncAt &&
          (await plenum.stateOf('polled'))?.lastSyncAt) as unknown,
    )
    tell('listingSeconds', (await plenum.stateOf('cloud')).tookSeconds)
    await compareCounts()
    await followAnother()
    await stopNova()
    await deleteMany()
  } finally {
    await plenum.close()
  }
}

/** By the OpenStack client, which takes three seconds a command. */
async function countOf(...words: string[]): Promise<number> {
  const env = {
    ...process.env,
    OS_AUTH_URL: auth.auth_url,
    OS_USERNAME: 'admin',
    OS_PASSWORD: 'lab',
    OS_PROJECT_NAME: 'admin',
    OS_USER_DOMAIN_NAME: 'Default',
    OS_PROJECT_DOMAIN_NAME: 'Default',
    OS_IDENTITY_API_VERSION: '3',
  }
  const { stdout } = await promisify(execFile)('/usr/bin/openstack', [...words, '-f', 'json'], {
    env,
    maxBuffer: 2 ** 28,
  })
  return (JSON.parse(stdout) as unknown[]).length
}

async function compareCounts(): Promise<void> {
  const theirs = {
    virtualMachines: await countOf('server', 'list', '--all-projects', '--limit', '-1'),
    hypervisors: await countOf('hypervisor', 'list'),
    networks: await countOf('network', 'list'),
    prefixes: await countOf('subnet', 'list'),
    ports: await countOf('port', 'list'),
    routers: await countOf('router', 'list'),
    images: await countOf('image', 'list'),
    volumes: await countOf('volume', 'list', '--all-projects'),
    tenants: await countOf('project', 'list'),
  }
  const ours = await plenum.counts()
  tell('counts', { theirs, ours })
  expect('counts equal the client’s', JSON.stringify(ours) === JSON.stringify(theirs))
}

/** From when Nova itself shows it until the graph does. */
async function followAnother(): Promise<void> {
  const late: Record<string, number[]> = { accepted: [], create: [], rename: [], delete: [] }
  const measure = async (what: string, isThere: () => Promise<unknown>, isSeen: () => Promise<unknown>) => {
    const at = async (check: () => Promise<unknown>) => {
      await untilAsync(check)
      return performance.now()
    }
    const [there, seen] = await Promise.all([at(isThere), at(isSeen)])
    late[what]!.push(Math.max(0, Math.round(seen - there)))
  }
  for (let index = 0; index < 10; index++) {
    const name = `lab-follow-${index}-${Date.now()}`
    const id = await cloud.create(name)
    // Nova takes a request before it has placed it, and tells of it only then.
    await Promise.all([
      measure(
        'accepted',
        () => cloud.nameOf(id),
        () => plenum.has(name),
      ),
      measure(
        'create',
        async () => (await cloud.stateOf(id)) === 'ACTIVE',
        () => plenum.has(name),
      ),
    ])
    await cloud.rename(id, `${name}-x`)
    await measure(
      'rename',
      async () => (await cloud.nameOf(id)) === `${name}-x`,
      () => plenum.has(`${name}-x`),
    )
    await cloud.remove(id)
    await measure(
      'delete',
      async () => (await cloud.nameOf(id)) === undefined,
      async () => !(await plenum.has(`${name}-x`)),
    )
  }
  const worst = Object.fromEntries(Object.entries(late).map(([what, all]) => [what, Math.max(...all)]))
  tell('notificationMilliseconds', { all: late, worst })
  const { accepted: _, ...told } = worst
  expect('in the graph within 1 s', Math.max(...Object.values(told)) <= 1_000)
}

async function stopNova(): Promise<void> {
  const before = (await plenum.counts()).virtualMachines
  const service = await killService(home, 'nova-api')
  const error = await plenum.sync('cloud')
  const state = await plenum.stateOf('cloud')
  const during = (await plenum.counts()).virtualMachines
  tell('novaStopped', {
    error,
    failure: state.failure,
    lastSyncAt: state.lastSyncAt,
    machinesBefore: before,
    machinesDuring: during,
  })
  expect(
    'a stopped Nova is told, and what is known stays',
    error !== undefined && state.failure !== null && during === before,
  )
  await startService(home, service)
  const began = performance.now()
  await untilAsync(async () => (await plenum.stateOf('cloud')).failure === null, 120_000)
  tell('recoveredAfterSeconds', Math.round((performance.now() - began) / 1_000))
}

/** A source that only lists holds what is gone all at once; the one that is told believes. */
async function deleteMany(): Promise<void> {
  const before = await plenum.originsOf('cloud')
  const gone = await cloud.removeMany(30)
  await untilAsync(async () => (await plenum.originsOf('cloud')) <= before - gone, 120_000).catch(
    () => undefined,
  )
  const error = await plenum.sync('polled')
  const { held } = await plenum.stateOf('polled')
  tell('goneAtOnce', {
    gone,
    error,
    held,
    pushedAreGone: (await plenum.originsOf('cloud')) === before - gone,
  })
  expect('many gone at once are held', held !== null)
  await delay(0)
}
