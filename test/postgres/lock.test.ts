import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { enter, leave } from '../../src/postgres/client.ts'
import { withLock } from '../../src/postgres/lock.ts'
import { isAlive, isMarkAlive, isWorkedIn, markOf, worksIn } from '../../src/postgres/process.ts'

const folder = mkdtempSync(join(tmpdir(), 'plenum-lock-'))
const lock = join(folder, 'lock')
let deadPid: number

beforeAll(async () => {
  const child = spawn(process.execPath, ['-e', ''])
  deadPid = child.pid!
  await once(child, 'exit')
})
afterAll(() => rmSync(folder, { recursive: true }))

/** Takes the lock from eight processes at once, each as often as it can; a counter that is read and written in two steps shows any overlap. */
const contender = `
  const { withLock } = await import(${JSON.stringify(join(import.meta.dirname, '../../src/postgres/lock.ts'))})
  const { readFileSync, writeFileSync } = await import('node:fs')
  const { setTimeout: delay } = await import('node:timers/promises')
  for (let n = 0; n < 5; n++) await withLock(${JSON.stringify(lock)}, async () => {
    const value = Number(readFileSync(${JSON.stringify(join(folder, 'count'))}, 'utf8'))
    await delay(2)
    writeFileSync(${JSON.stringify(join(folder, 'count'))}, String(value + 1))
  })
`

test('processes that find the same dead holder take turns all the same', async () => {
  writeFileSync(join(folder, 'count'), '0')
  writeFileSync(lock, `${deadPid} 1`)
  const ended = Array.from({ length: 8 }, () =>
    once(spawn(process.execPath, ['--input-type=module', '-e', contender], { stdio: 'inherit' }), 'exit'),
  )
  for (const [code] of await Promise.all(ended)) expect(code).toBe(0)
  expect(readFileSync(join(folder, 'count'), 'utf8')).toBe('40')
  expect(readdirSync(folder)).toEqual(['count'])
})

test('a holder whose id is another process by now does not hold', async () => {
  writeFileSync(lock, `${process.pid} 1`)
  expect(await withLock(lock, async () => readFileSync(lock, 'utf8'))).toBe(markOf(process.pid))
  expect(existsSync(lock)).toBe(false)
})

test('a holder that was killed before it wrote its name does not hold for ever', async () => {
  writeFileSync(lock, '')
  const longAgo = new Date(Date.now() - 60_000)
  utimesSync(lock, longAgo, longAgo)
  expect(await withLock(lock, async () => 'held')).toBe('held')
})

test('what fails lets go', async () => {
  await expect(withLock(lock, () => Promise.reject(new Error('no')))).rejects.toThrow('no')
  expect(existsSync(lock)).toBe(false)
})

test('marks tell a process from a later one with its id', () => {
  expect(isMarkAlive(markOf(process.pid))).toBe(true)
  expect(isMarkAlive(`${process.pid} 1`)).toBe(false)
  expect(isMarkAlive(`${deadPid} 1`)).toBe(false)
  expect(isMarkAlive('')).toBe(false)
  expect(isAlive(deadPid)).toBe(false)
})

test('who is the last to leave is told so; marks of the dead do not count', () => {
  const clients = join(folder, 'clients')
  enter(clients)
  enter(clients)
  writeFileSync(join(clients, String(deadPid)), `${deadPid} 1`)
  expect(leave(clients)).toBe(false)
  expect(leave(clients)).toBe(true)
  expect(readdirSync(clients)).toEqual([])
  enter(clients)
  writeFileSync(join(clients, String(process.ppid)), markOf(process.ppid))
  expect(leave(clients)).toBe(false)
})

test.runIf(process.platform === 'linux')('a process works in its folder', () => {
  expect(worksIn(process.pid, process.cwd())).toBe(true)
  expect(worksIn(process.pid, folder)).toBe(false)
  expect(isWorkedIn(process.cwd())).toBe(true)
  expect(isWorkedIn(folder)).toBe(false)
})
