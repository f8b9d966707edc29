/** The door of a running demo: who holds it, what it takes, who takes it over. */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { createConnection } from 'node:net'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openDoor } from '../../src/demo/door.ts'
import {
  doorPath,
  DoorClosed,
  knock,
  startDemo,
  type Demo,
  type FaultBegun,
  type FaultList,
} from '../../src/demo/index.ts'

let folder: string
const running: Demo[] = []
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'plenum-demo-'))
})
afterEach(async () => {
  for (const demo of running.splice(0)) await demo.close()
  rmSync(folder, { recursive: true, force: true })
})

async function start(): Promise<Demo> {
  const demo = await startDemo({ dataFolder: folder })
  running.push(demo)
  return demo
}
const say = (request: unknown) => knock(doorPath(folder), request, AbortSignal.timeout(10_000))

const portOf = (url: string): number => Number(new URL(url).port)

describe('the door', () => {
  test('lists, begins and ends faults, and only its user can open it', async () => {
    const { devices } = await start()
    expect(devices).toHaveLength(90)
    expect(statSync(doorPath(folder)).mode & 0o777).toBe(0o600)
    const before = (await say({ do: 'list' })) as FaultList
    expect(before.kinds.map(({ name }) => name)).toEqual([
      'link-down',
      'bgp-flap',
      'hot-rack',
      'dead-switch',
      'poller-isolated',
      'openstack-gone',
      'docker-gone',
    ])
    expect(before.on).toEqual([])
    const begun = (await say({ do: 'begin', fault: 'dead-switch', target: 'pus1-leaf02' })) as FaultBegun
    expect(begun).toMatchObject({ target: 'pus1-leaf02', said: expect.stringContaining('pus1-leaf02') })
    // Twice is once.
    await say({ do: 'begin', fault: 'dead-switch', target: 'pus1-leaf02' })
    expect(((await say({ do: 'list' })) as FaultList).on).toEqual([
      { fault: 'dead-switch', target: 'pus1-leaf02', since: expect.any(String) },
    ])
    await say({ do: 'end', fault: 'dead-switch' })
    expect(((await say({ do: 'list' })) as FaultList).on).toEqual([])
  })

  test.each([
    [{ do: 'begin', fault: 'no-such' }, /one of link-down/],
    [{ do: 'end', fault: 'link-down' }, /is not on/],
    [{ do: 'burn' }, /./],
    ['x', /./],
  ])('refuses %j and goes on', async (request, message) => {
    await start()
    await expect(say(request)).rejects.toThrow(message)
    expect(await say({ do: 'list' })).toMatchObject({ on: [] })
  })

  test('outlives those who say nothing, garbage, or too much', async () => {
    await start()
    const silent = createConnection(doorPath(folder))
    await once(silent, 'connect')
    for (const said of ['\n', 'GET / HTTP/1.1\r\n\r\n', 'x'.repeat(100_000)]) {
      const { promise, resolve } = Promise.withResolvers<void>()
      // Too much breaks it.
      const socket = createConnection(doorPath(folder)).on('error', () => {})
      socket.on('close', () => resolve()).resume()
      socket.end(said)
      await promise
    }
    expect(await say({ do: 'list' })).toMatchObject({ on: [] })
    silent.destroy()
  })

  test('is closed where no demo runs, also when one was killed', async () => {
    await expect(say({ do: 'list' })).rejects.toThrow(DoorClosed)
    await (await start()).close()
    expect(existsSync(doorPath(folder))).toBe(false)
    await expect(say({ do: 'list' })).rejects.toThrow(DoorClosed)
  })

  test('is somewhere short where the folder is deep', () => {
    const deep = join(folder, 'x'.repeat(120))
    expect(Buffer.byteLength(doorPath(deep))).toBeLessThan(104)
    expect(doorPath(deep)).toBe(doorPath(deep))
    expect(doorPath(`${deep}y`)).not.toBe(doorPath(deep))
  })
})

describe('many that open one door at once', () => {
  test.each(['where none was', 'where one was killed', 'where one was killed while it opened'])(
    '%s: one has it',
    async (was) => {
      const path = doorPath(folder)
      for (let round = 0; round < 8; round++) {
        if (was !== 'where none was') leaveSocket(path)
        if (was.endsWith('opened')) leaveLock(`${path}.alone`)
        const doors = await Promise.all(Array.from({ length: 8 }, (_, who) => openDoor(path, () => who)))
        const open = doors.flatMap((door, who) => (door === null ? [] : [{ door, who }]))
        expect(open).toHaveLength(1)
        expect(await knock(path, {}, AbortSignal.timeout(10_000))).toBe(open[0]!.who)
        await open[0]!.door.close()
      }
    },
  )
})

/** A name of a socket that nobody listens on any more. */
function leaveSocket(path: string): void {
  const script = `require('net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`
  spawnSync(process.execPath, ['-e', script])
  expect(existsSync(path)).toBe(true)
}

/** Killed while it had the lock. */
function leaveLock(path: string): void {
  const script = `const lock = new (require('node:sqlite').DatabaseSync)(${JSON.stringify(path)}); lock.exec('begin exclusive'); process.kill(process.pid, 'SIGKILL')`
  spawnSync(process.execPath, ['-e', script])
  expect(existsSync(path)).toBe(true)
}

describe('two processes on one folder', () => {
  test('have the same devices; the second takes them over when the first ends, at the same addresses', async () => {
    const [first, second] = await Promise.all([start(), start()])
    expect(second.devices).toEqual(first.devices)
    const facesOf = ({ cloud, engine }: Demo) => ({
      openstack: portOf(cloud.url),
      docker: portOf(engine.url),
    })
    expect(facesOf(second)).toEqual(facesOf(first))
    await say({ do: 'begin', fault: 'hot-rack' })
    // Whichever has the door.
    await first.close()
    const deadline = Date.now() + 10_000
    for (;;) {
      try {
        expect(await say({ do: 'where' })).toEqual({ devices: second.devices, faces: facesOf(second) })
        break
      } catch (error) {
        // Who takes over tries again where an address is not free yet, and shuts the door until then.
        const isShut = error instanceof DoorClosed || (error as NodeJS.ErrnoException).code === 'ECONNRESET'
        if (!isShut || Date.now() > deadline) throw error
      }
    }
  })

  test('of different folders have different devices', async () => {
    const one = await start()
    const other = mkdtempSync(join(tmpdir(), 'plenum-demo-'))
    const two = await startDemo({ dataFolder: other })
    try {
      const places = [...one.devices, ...two.devices].map(({ address, port }) => `${address}:${port}`)
      expect(new Set(places).size).toBe(180)
    } finally {
      await two.close()
      rmSync(other, { recursive: true })
    }
  })
})
