/**
 * The steps of a server in a cloud, over HTTP against one that fails before and after each effect, serves late, and is asked twice; and with the process killed between
 * any two rows of the log. What is looked at is the cloud, not the tables.
 */
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import pino from 'pino'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { serverSteps } from '../../src/allocation/step/server.ts'
import { stepKinds, type Sight } from '../../src/allocation/step/index.ts'
import { insertOperation, moveOperation } from '../../src/operation/index.ts'
import type { OperationKind, OperationState, StepKind } from '../../src/operation/operation.ts'
import { runOperation } from '../../src/operation/run.ts'
import { holdTurn, readOperations } from '../../src/operation/store.ts'
import { sweep } from '../../src/operation/sweep.ts'
import { openstack } from '../../src/source/openstack/index.ts'
import type { Source } from '../../src/source/source.ts'
import { TenantCloud, type Fault } from '../source/openstack/tenant.ts'
import { createDatabase, type TestDatabase } from '../support/postgres.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await createDatabase()
})
afterAll(() => database.close())

class Killed extends Error {}

/** As a process that dies at its `at`-th moment: nothing of it happens after that. */
class Reaper {
  moment = 0
  readonly #at: number
  readonly #process = new AbortController()
  constructor(at: number) {
    this.#at = at
  }
  get signal(): AbortSignal {
    return this.#process.signal
  }
  pass(): void {
    if (this.#process.signal.aborted) throw new Killed()
    if (this.moment++ !== this.#at) return
    this.#process.abort(new Killed())
    throw new Killed()
  }
}

interface World {
  cloud: TenantCloud
  source: Source
  close(): Promise<void>
}

async function open(faults: Record<string, Fault> = {}): Promise<World> {
  const cloud = new TenantCloud()
  for (const [what, fault] of Object.entries(faults)) cloud.faults.set(what, fault)
  const server: Server = createServer(cloud.answer).listen(0, '127.0.0.1')
  await once(server, 'listening')
  cloud.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const auth = {
    auth_url: `${cloud.url}/identity`,
    username: 'admin',
    password: 'env:OS',
    project_name: 'admin',
  }
  const source = await openstack.open(openstack.parseSettings({ auth }), {
    name: 'cloud',
    control: true,
    log: { debug: () => {}, warn: () => {} },
    secret: async () => cloud.password,
    shards: { count: 1, mine: () => [0], onChange: () => () => {} },
    addresses: async () => [],
  })
  return {
    cloud,
    source,
    async close() {
      await source.close()
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

const steps = serverSteps(
  {
    source: 'cloud',
    image: 'tiny',
    flavor: 'm1.nano',
    network: 'lab-net',
    address: '10.20.0.77',
    securityGroups: [],
    volumes: [{ sizeGb: 1 }],
    floatingNetwork: 'public',
    group: 'anti-affinity',
  },
  { member: 1, index: 0, isFirst: true, labels: { 'plenum.allocation': '1' } },
)
const parts = ['os-server-groups', 'ports', 'volumes', 'servers', 'floatingips']

const turn = 'operate/0'
async function takeTurn(): Promise<number> {
  const { rows } = await database.db.raw<{ rows: { epoch: string }[] }>(
    `insert into turn (name, holder, epoch, until) values (?, 'test', 1, now() + interval '1 hour')
     on conflict (name) do update set epoch = turn.epoch + 1 returning epoch`,
    [turn],
  )
  return Number(rows[0]!.epoch)
}

const kindOf = (reaper: Reaper): OperationKind => {
  const end = (id: number, state: OperationState, fence: { turn: string; epoch: number }) => {
    reaper.pass()
    return database.db.transaction(async (trx) => {
      await holdTurn(trx, fence)
      await moveOperation(trx, id, ['RUNNING', 'UNWINDING'], { state })
    })
  }
  return {
    kind: 'test',
    unwinds: true,
    finish: async ({ id }, _, fence) => void (await end(id, 'SUCCEEDED', fence)),
    fail: async ({ id }, ended, fence) => void (await end(id, ended, fence)),
  }
}

/** With a moment to die before and after each effect; asked twice where that is asked for. */
const watched = (kind: StepKind, reaper: Reaper, repeats: number): StepKind => {
  const often = async <T>(work: () => Promise<T>): Promise<T> => {
    reaper.pass()
    for (let time = 1; time < repeats; time++) await work()
    const result = await work()
    reaper.pass()
    return result
  }
  return {
    ...kind,
    run: (parameters, context) => often(() => kind.run(parameters, context)),
    undo: (parameters, context) => often(() => kind.undo(parameters, context)),
  }
}

const kindsOf = ({ source }: World) => stepKinds(() => source.actor!, {} as Sight)

const begin = () =>
  database.db.transaction((trx) =>
    insertOperation(
      trx,
      {
        kind: 'test',
        state: 'PENDING',
        allocationId: null,
        tenantId: null,
        input: {},
        startedBy: 'x',
        at: new Date(),
      },
      steps,
    ),
  )

async function live(id: number, world: World, reaper: Reaper, repeats = 1): Promise<void> {
  const epoch = await takeTurn()
  await runOperation(id, { turn, epoch }, reaper.signal, {
    db: database.db,
    kinds: new Map([['test', kindOf(reaper)]]),
    steps: new Map(kindsOf(world).map((kind) => [kind.kind, watched(kind, reaper, repeats)])),
    attempts: 2,
    undoAttempts: 4,
    pauseMs: 1,
    tell: async () => reaper.pass(),
  }).catch((error: unknown) => {
    if (!reaper.signal.aborted) throw error
  })
}

const stateOf = async (id: number) => (await readOperations(database.db, { ids: [id], first: 1 }))[0]!.state

/** Once, in a cloud of its own; what is there afterwards, without what stands in the names. */
async function inCloud(
  faults: Record<string, Fault>,
  repeats = 1,
  then?: (world: World) => void | Promise<void>,
) {
  const world = await open(faults)
  try {
    const id = await begin()
    await live(id, world, new Reaper(Infinity), repeats)
    await then?.(world)
    return { id, state: await stateOf(id), there: kindsThere(world), changes: world.cloud.changes }
  } finally {
    await world.close()
  }
}
const kindsThere = ({ cloud }: World) => cloud.there().map((text) => text.split(' ')[0])
const whole = ['floatingip', 'port', 'server', 'server_group', 'volume']

describe('all of it is in the cloud, or nothing', () => {
  test('made with its name, its mark, its port, its volume, its group, its address', async () => {
    const world = await open()
    try {
      const id = await begin()
      await live(id, world, new Reaper(Infinity))
      expect(await stateOf(id)).toBe('SUCCEEDED')
      const name = (part: string) =>
        expect.stringMatching(new RegExp(`^plenum-[0-9a-f]{8}-${id}-(?:1|all)-0-${part}$`))
      const { cloud } = world
      const server = cloud.servers.at(-1)!
      expect(server).toMatchObject({
        name: name('server'),
        status: 'ACTIVE',
        metadata: { 'plenum.allocation': '1' },
      })
      expect(server['metadata']['plenum.made']).toBe(server['name'])
      const port = cloud.ports.at(-1)!
      expect(port).toMatchObject({
        name: name('port'),
        device_id: server['id'],
        fixed_ips: [{ ip_address: '10.20.0.77' }],
      })
      expect(cloud.of('volumes')).toMatchObject([
        { name: name('volume-1'), size: 1, attachments: [{ server_id: server['id'] }] },
      ])
      expect(cloud.of('floatingips')).toMatchObject([
        { port_id: port['id'], description: expect.stringContaining('plenum.made=') },
      ])
      expect(cloud.of('os-server-groups')).toMatchObject([{ name: name('group'), policy: 'anti-affinity' }])
      expect(server['hints_'].group).toBe(cloud.of('os-server-groups')[0]!['id'])
    } finally {
      await world.close()
    }
  })

  test.each(parts.flatMap((part) => (['before', 'after'] as const).map((fault) => [part, fault] as const)))(
    'the making of %s fails %s its effect',
    async (part, fault) => {
      const { state, there } = await inCloud({ [`POST ${part}`]: fault })
      // What was there after all is found by its name when it is tried again.
      if (fault === 'after') expect([state, there]).toEqual(['SUCCEEDED', whole])
      else expect([state, there]).toEqual(['FAILED', []])
    },
  )

  test.each(
    parts.flatMap((part) =>
      (['before, once', 'after, once'] as const).map((fault) => [part, fault] as const),
    ),
  )('the ending of %s fails %s', async (part, fault) => {
    const { state, there } = await inCloud({ [`DELETE ${part}`]: fault, 'POST floatingips': 'before' })
    const { state: last, there: left } = await inCloud({ [`DELETE ${part}`]: fault }, 1, async (world) => {
      for (const name of names(world)) await endTwice(world, name)
    })
    expect([state, there]).toEqual(['FAILED', []])
    expect([last, left]).toEqual(['SUCCEEDED', []])
  })

  test.each(parts)('%s comes after its undo: it is found by its name, and ended', async (part) => {
    const { state, there } = await inCloud({ [`POST ${part}`]: 'late' }, 1, async (world) => {
      expect(kindsThere(world)).toEqual([])
      world.cloud.deliver()
      // What needs a port that is gone is refused by the cloud itself.
      expect(kindsThere(world).length > 0).toBe(!['servers', 'floatingips'].includes(part))
      await sweepAll(world)
    })
    expect([state, there]).toEqual(['FAILED', []])
  })

  test('a first try that is served late is not there twice in the end', async () => {
    const world = await open()
    try {
      const id = await begin()
      world.cloud.faults.set('POST volumes', 'late')
      await live(id, world, new Reaper(Infinity))
      world.cloud.faults.clear()
      const { actor } = world.source
      const spec = { kind: 'volume', sizeGb: 1 }
      // Both tries of before are served while a third is under way.
      world.cloud.deliver()
      const name = world.cloud.of('volumes')[0]!['name']
      expect(world.cloud.of('volumes')).toHaveLength(2)
      const { key } = await actor!.create(spec, name, new AbortController().signal)
      expect(world.cloud.of('volumes').map((one) => `volume/${one['id']}`)).toEqual([key])
      await actor!.destroy(name, new AbortController().signal)
      expect(kindsThere(world)).toEqual([])
    } finally {
      await world.close()
    }
  })

  test('every step twice, and every undo', async () => {
    const made = await inCloud({}, 2)
    expect([made.state, made.there]).toEqual(['SUCCEEDED', whole])
    expect(made.changes.filter((what) => what === 'POST servers')).toHaveLength(1)
    const undone = await inCloud({ 'POST floatingips': 'before' }, 2)
    expect([undone.state, undone.there]).toEqual(['FAILED', []])
  })

  test.each([
    ['made', {}, 'SUCCEEDED', whole],
    ['undone', { 'POST floatingips': 'before' }, 'FAILED', []],
  ] as const)(
    'killed between any two rows of the log while it is %s',
    async (_, faults, expected, left) => {
      for (let at = 0; ; at++) {
        const world = await open(faults)
        const id = await begin()
        const reaper = new Reaper(at)
        await live(id, world, reaper)
        if (reaper.signal.aborted) await live(id, world, new Reaper(Infinity))
        const told = [at, await stateOf(id), kindsThere(world)]
        await world.close()
        expect(told).toEqual([at, expected, left])
        if (!reaper.signal.aborted) break
      }
    },
    120_000,
  )
})

const names = ({ cloud }: World) => [
  ...new Set(cloud.there().map((text) => text.split(' ')[1]!.replace('plenum.made=', ''))),
]
async function endTwice({ source }: World, name: string): Promise<void> {
  const signal = new AbortController().signal
  // A step is tried again, so here too.
  await source.actor!.destroy(name, signal).catch(() => {})
  await source.actor!.destroy(name, signal)
  await source.actor!.destroy(name, signal)
}

async function sweepAll(world: World): Promise<void> {
  const epoch = await takeTurn()
  const signal = new AbortController().signal
  const log = pino({ level: 'silent' })
  for (let times = 0; times < 20; times++)
    await sweep({ db: database.db, log, steps: kindsOf(world) }, [{ turn, epoch, signal }], 1, 0, signal)
}

describe('what is wrong is told, and nothing is touched that is not ours', () => {
  test('a server that Nova cannot place fails with Nova’s words, and nothing is left', async () => {
    const world = await open()
    try {
      world.cloud.lists['compute/v2.1/os-hypervisors/detail'] = []
      const id = await begin()
      await live(id, world, new Reaper(Infinity))
      const [operation] = await readOperations(database.db, { ids: [id], first: 1 })
      expect(operation).toMatchObject({ state: 'FAILED', error: { retryable: false } })
      expect(operation!.error!.message).toContain('No valid host was found.')
      expect(kindsThere(world)).toEqual([])
    } finally {
      await world.close()
    }
  })

  test('an address that is somebody’s already fails, and theirs stays', async () => {
    const world = await open()
    try {
      world.cloud.ports[0]!['fixed_ips'][0].ip_address = '10.20.0.77'
      const id = await begin()
      await live(id, world, new Reaper(Infinity))
      const [operation] = await readOperations(database.db, { ids: [id], first: 1 })
      expect(operation!.error!.message).toContain('already allocated')
      expect([kindsThere(world), world.cloud.ports.length]).toEqual([[], 1])
    } finally {
      await world.close()
    }
  })

  test('a server of the same name without our mark is somebody’s', async () => {
    const world = await open()
    try {
      world.cloud.servers[0]!['name'] = 'plenum-x-1'
      await world.source.actor!.destroy('plenum-x-1', new AbortController().signal)
      expect(world.cloud.servers).toHaveLength(1)
      expect(world.cloud.changes).toEqual([])
    } finally {
      await world.close()
    }
  })

  test.each([
    [{ kind: 'server', image: 'tiny', flavor: 'none' }, 'there is no flavor none'],
    [{ kind: 'server', image: 'none', flavor: '42' }, 'there is no image none'],
    [{ kind: 'port', network: 'none' }, 'there is no network none'],
    [{ kind: 'volume', sizeGb: '-1' }, 'sizeGb'],
    [{ kind: 'volume', sizeGb: 1, region: 'elsewhere' }, 'there is no region elsewhere'],
    [{ kind: 'router' }, 'nothing that a cloud makes'],
  ])('%j is refused', async (spec, reason) => {
    const world = await open()
    try {
      const made = world.source.actor!.create(spec, 'plenum-y-1', new AbortController().signal)
      await expect(made).rejects.toMatchObject({ failure: 'bad', message: expect.stringContaining(reason) })
      expect(world.cloud.changes).toEqual([])
    } finally {
      await world.close()
    }
  })
})
