/** Against a real dockerd: what `docker ps` shows is in the graph, each coming and going is told once, and an engine may restart. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { docker } from '../../../src/source/docker/index.ts'
import { createDatabase, startProcess, type Process, type TestDatabase } from '../scripted.ts'
import { hasDockerd, startDockerd, type Dockerd } from './dockerd.ts'

/** Making fifty containers leaves a small machine no time for anything else. */
const turnMs = 30_000

describe.runIf(hasDockerd)('a real dockerd', () => {
  let engine: Dockerd
  let database: TestDatabase
  let own: Process

  beforeAll(async () => {
    engine = await startDockerd()
  })
  afterAll(() => engine.close())
  beforeEach(async () => {
    database = await createDatabase()
    // Longer than any test: what is seen meanwhile was pushed.
    own = await start({ interval: '10h' })
  })
  afterEach(async () => {
    await own.close()
    await database.close()
    await engine.clear()
  })

  const start = (rest: Record<string, unknown>) => {
    const box = { driver: 'docker', url: engine.url, perSecond: 1_000, ...rest }
    return startProcess(database, docker, { box }, {}, turnMs)
  }
  const shown = () =>
    own.holder.graph
      .ofType('Container')
      .map(({ name, fields }) => `${fields['containerId']} ${name} ${String(fields['state']).toLowerCase()}`)
      .sort()
  /** When nothing happens any more. */
  const equals = async () => {
    const expected = await engine.ps()
    await own.until(async () => shown().join() === expected.join())
  }
  const state = async () =>
    [...(await own.resources.sourceStates()).values()].find(({ seen }) => seen !== null)
  const told = async (type: string) =>
    (await database.db('event').where({ type }).orderBy('seq')).map((event: any) => Number(event.resource_id))

  test('50 containers under churn are as `docker ps` shows them, each coming and going told once', async () => {
    await own.until(async () => await state())
    const ids = await Promise.all(Array.from({ length: 50 }, (_, index) => engine.run(`c${index}`)))
    await equals()
    const began = (await told('ResourceCreated')).length
    const gone = ids.slice(0, 20)
    await Promise.all([
      ...gone.map((id) => engine.call('DELETE', `/containers/${id}?force=1`)),
      ...ids.slice(20, 25).map((id) => engine.call('POST', `/containers/${id}/pause`)),
      ...ids.slice(25, 30).map((id) => engine.call('POST', `/containers/${id}/kill`)),
      ...ids
        .slice(30, 35)
        .map((id, index) => engine.call('POST', `/containers/${id}/rename?name=renamed${index}`)),
      ...ids.slice(35, 40).map((id) => engine.call('POST', `/containers/${id}/restart?t=0`)),
      ...Array.from({ length: 15 }, (_, index) => engine.run(`new${index}`)),
    ])
    await equals()
    expect(shown()).toHaveLength(45)
    expect(shown().filter((line) => line.endsWith(' paused'))).toHaveLength(5)
    expect(shown().filter((line) => line.endsWith(' exited'))).toHaveLength(5)
    await own.until(async () => (await told('ResourceCreated')).length === began + 15)
    const [created, deleted] = [await told('ResourceCreated'), await told('ResourceDeleted')]
    expect(new Set(created).size).toBe(created.length)
    expect(deleted).toHaveLength(20)
    // A listing finds nothing that was not told already.
    const source = own.holder.graph.ofType('Source').find(({ name }) => name === 'box')!
    const { changed, held } = await own.sources.sync(
      source.id,
      { acceptVanished: false },
      { name: 'kim' },
      new AbortController().signal,
    )
    expect({ changed, held }).toEqual({ changed: 0, held: null })
    await equals()
  })

  test('an engine that restarts is told to be away, and what happened meanwhile is seen', async () => {
    const id = await engine.run('lasting')
    const labels = { 'com.docker.compose.project': 'shop', 'com.docker.compose.service': 'web' }
    const other = await engine.run('of-compose', {
      Labels: labels,
      HostConfig: { NetworkMode: 'none', Binds: ['data:/data'] },
    })
    await own.until(async () => shown().some((line) => line === `${other} of-compose running`))
    const [service] = own.holder.graph.ofType('Service')
    expect(service?.name).toBe('shop/web')
    await engine.stop()
    // That it cannot be followed, or that it cannot be listed: whichever was found last.
    await own.until(async () => /cannot be followed|ENOENT|ECONNREFUSED/.test((await state())?.failure ?? ''))
    expect(shown().length).toBeGreaterThanOrEqual(2)
    await engine.start()
    await engine.call('DELETE', `/containers/${other}?force=1`)
    await engine.call('DELETE', '/volumes/data')
    await own.until(async () => (await state())?.failure === null)
    await equals()
    expect(shown().some((line) => line.startsWith(`${id} lasting exited`))).toBe(true)
    await own.until(
      async () => own.holder.graph.ofType('Service').length + own.holder.graph.ofType('Volume').length === 0,
    )
  })

  test('what containers use is measured, by itself and when it is asked for', async () => {
    const id = await engine.run('busy', { HostConfig: { NetworkMode: 'none', Memory: 64 * 1_048_576 } })
    const vertex = await own.until(async () =>
      own.holder.graph.ofType('Container').find(({ fields }) => fields['containerId'] === id),
    )
    const source = own.holder.graph.ofType('Source').find(({ name }) => name === 'box')!
    const target = { resourceId: vertex.id, sourceId: source.id, key: `container/${id}` }
    const { readings, touched } = await own.sources.read(
      { targets: [target], metrics: [], maxAgeMs: 0 },
      new AbortController().signal,
    )
    expect(touched.get('box')).toMatchObject({ status: 'OK' })
    const values = new Map(readings.map(({ metric, value }) => [metric, value]))
    expect(values.get('container.memory.limit')).toBe(64 * 1_048_576)
    expect(values.get('container.memory.usage')).toBeGreaterThan(0)
    expect(values.get('container.cpu.time')).toBeGreaterThan(0)
    expect(values.get('container.processes')).toBeGreaterThanOrEqual(1)
  })
})
