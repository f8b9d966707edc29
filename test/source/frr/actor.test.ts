/** Neighbours in a real bgpd: made and ended twice, cut off after each command, somebody else's, with the daemon away. What is looked at is what runs there. */
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { frr } from '../../../src/source/frr/index.ts'
import { parseSpeakers, speakerOf, toCommands, toEnd } from '../../../src/source/frr/map.ts'
import type { Actor, Source } from '../../../src/source/source.ts'
import { hasBgpd, startBgpd, type Bgpd } from './bgpd.ts'

const forever = new AbortController().signal
const open = (routers: object, rest: object = {}, control = true): Promise<Source> =>
  frr.open(frr.parseSettings({ routers, ...rest }), {
    name: 'fabric',
    control,
    log: { debug: () => {}, warn: () => {} },
    secret: async () => '',
    shards: { count: 1, mine: () => [0], onChange: () => () => {} },
    addresses: async () => [],
  })

const name = 'plenum-0a1b2c3d-7-1-0-neighbor-1'
const spec = { kind: 'neighbor', router: 'leaf1', address: '10.255.0.9', bfd: false }
const neighbor = { address: '10.255.0.9', remoteAs: 'external', bfd: false }

describe.runIf(hasBgpd)('a real bgpd', () => {
  let bgpd: Bgpd
  let actor: Actor
  let before: string
  beforeAll(async () => {
    bgpd = await startBgpd([
      'frr defaults datacenter',
      'hostname leaf1',
      'router bgp 4200000101',
      ' bgp router-id 10.0.0.13',
      ' neighbor 10.255.0.1 remote-as 65000',
      ' neighbor 10.255.0.1 description spine1',
      'router bgp 4200000101 vrf blue',
      ' bgp router-id 10.0.0.13',
    ])
    actor = (await open({ leaf1: { command: bgpd.command } })).actor!
    before = running()
  }, 60_000)
  afterAll(async () => bgpd?.close())
  afterEach(async () => {
    await actor.destroy(name, forever)
    expect(running()).toBe(before)
  })
  const running = () => bgpd.vtysh('show running-config')
  const speaker = () => speakerOf(parseSpeakers(running()), undefined)!
  const configure = (...commands: string[]) =>
    bgpd.vtysh('configure terminal', 'router bgp 4200000101', ...commands)

  test('is made once, whatever its timers, and ended wholly', async () => {
    const timers = { keepalive: 1, hold: 3, connect: 1 }
    const timed = { ...spec, timers, remoteAs: 4_200_001_004 }
    expect(await actor.create(timed, name, forever)).toEqual({ key: 'leaf1/bgp/10.255.0.9' })
    const made = running()
    expect(await actor.made(forever)).toEqual([{ kind: 'neighbor', name, key: 'leaf1/bgp/10.255.0.9' }])
    for (const line of [
      `neighbor ${name} peer-group`,
      `neighbor ${name} remote-as 4200001004`,
      `neighbor ${name} timers 1 3`,
      `neighbor 10.255.0.9 peer-group ${name}`,
    ])
      expect(made).toContain(` ${line}\n`)
    await actor.create(timed, name, forever)
    expect(running()).toBe(made)
    await actor.destroy(name, forever, timed)
    await actor.destroy(name, forever, timed)
    expect(running()).toBe(before)
  })

  test('in a VRF, and of IPv6', async () => {
    await actor.create({ ...spec, vrf: 'blue', address: '2001:db8::9' }, name, forever)
    const line = `neighbor 2001:db8::9 peer-group ${name}`
    expect(parseSpeakers(running()).map(({ vrf, commands }) => [vrf, commands.includes(line)])).toEqual([
      [undefined, false],
      ['blue', true],
    ])
  })

  test.each(toCommands(name, neighbor).map((_, cut) => cut))(
    'cut off after %i commands: made whole by the next try, and ended wholly as it is',
    async (cut) => {
      const some = toCommands(name, neighbor).slice(0, cut)
      if (cut > 0) configure(...some)
      const address = some.includes(`neighbor 10.255.0.9 peer-group ${name}`) ? '10.255.0.9' : ''
      const made = [{ kind: 'neighbor', name, key: `leaf1/bgp/${address}` }]
      expect(await actor.made(forever)).toEqual(cut > 0 ? made : [])
      await actor.create(spec, name, forever)
      expect(speaker().commands).toContain(`neighbor 10.255.0.9 peer-group ${name}`)
      await actor.destroy(name, forever)
      if (cut > 0) configure(...some)
      await actor.destroy(name, forever)
      expect(running()).toBe(before)
    },
  )

  test('cut off while it is ended: the next try ends it', async () => {
    await actor.create(spec, name, forever)
    configure(toEnd(speaker(), name)[0]!)
    await actor.destroy(name, forever)
    expect(running()).toBe(before)
  })

  test('somebody else’s neighbour is left as it is', async () => {
    const taken = actor.create({ ...spec, address: '10.255.0.1' }, name, forever)
    await expect(taken).rejects.toMatchObject({
      failure: 'bad',
      message: expect.stringContaining('somebody else made it'),
    })
    await actor.destroy('plenum-other-1-1-0', forever)
    expect(running()).toBe(before)
  })

  test('a daemon that is away is unreachable, and asked again later', async () => {
    await actor.create(spec, name, forever)
    await bgpd.stop()
    await expect(actor.destroy(name, forever)).rejects.toMatchObject({ failure: 'unreachable' })
    await expect(actor.create(spec, name, forever)).rejects.toMatchObject({ failure: 'unreachable' })
    await bgpd.start()
  })

  test.each([
    [{ ...spec, router: 'leaf9' }, name, 'no router leaf9'],
    [{ ...spec, vrf: 'red' }, name, 'speaks no BGP in VRF red'],
    [{ ...spec, address: '10.0.0.1 shutdown' }, name, 'address'],
    [{ ...spec, vrf: 'a\nend' }, name, 'vrf'],
    [{ ...spec, remoteAs: 'external\nend' }, name, 'remoteAs'],
    [spec, 'x peer-group\nno router bgp', 'a name is'],
  ])('%j as %j is refused before anything is told', async (given, called, reason) => {
    const made = actor.create(given, called, forever)
    await expect(made).rejects.toMatchObject({ failure: 'bad', message: expect.stringContaining(reason) })
  })

  test('without control there is no actor; it answers what it is', async () => {
    const source = await open({ leaf1: { command: bgpd.command } }, {}, false)
    expect(source.actor).toBeUndefined()
    expect(await source.probe!(forever)).toMatch(/^leaf1 answers: FRRouting/)
    for await (const _ of source.list!(forever)) expect.unreachable()
  })
})

describe('whatever stands in for vtysh', () => {
  let folder: string
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'vtysh-'))
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  const script = (text: string): string => {
    const path = join(folder, `v${text.length}`)
    writeFileSync(path, `#!/bin/sh\n${text}\n`)
    chmodSync(path, 0o755)
    return path
  }
  const list = async (command: string[], rest: object = {}, signal = forever) => {
    const source = await open({ r: { command } }, rest)
    for await (const _ of source.list!(signal)) expect.unreachable()
  }

  test.each([
    ['hangs', 'exec sleep 600', 'timeout'],
    ['pours', 'exec yes', 'bad'],
    ['is refused by ssh', 'exit 255', 'unreachable'],
    ['fails', 'exit 3', 'failed'],
    ['says no', 'echo "% Unknown command: x"', 'bad'],
  ])('one that %s', async (_, text, failure) => {
    const limit = failure === 'timeout' ? { requestSeconds: 0.2 } : {}
    await expect(list([script(text)], limit)).rejects.toMatchObject({ name: 'SourceError', failure })
  })

  test('one that is not there, and one that is given up', async () => {
    await expect(list([join(folder, 'nothing')])).rejects.toMatchObject({ failure: 'failed' })
    const stop = new AbortController()
    const asked = list([script('exec sleep 601')], {}, stop.signal)
    stop.abort()
    await expect(asked).rejects.toMatchObject({ failure: 'aborted' })
  })

  test('words that go through a shell are quoted for it', async () => {
    const out = join(folder, 'told')
    const command = [script(`eval "printf '[%s]' $*" > ${out}`)]
    const source = await open({ r: { command, shell: true } })
    for await (const _ of source.list!(forever)) expect.unreachable()
    expect(readFileSync(out, 'utf8')).toBe('[-c][show version]')
  })
})
