import { readdirSync, readFileSync, writeFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { ConfigError, loadConfig, parseConfig } from '../src/config.ts'

const root = join(import.meta.dirname, '..')
const example = readFileSync(join(root, 'config.example.yaml'), 'utf8')

/** `limits.depth`, … of everything that is no section. */
function keysOf(value: unknown, path: readonly string[] = []): string[] {
  const isSection = typeof value === 'object' && value !== null && !Array.isArray(value)
  if (!isSection || Object.keys(value).length === 0) return [path.join('.')]
  return Object.entries(value).flatMap(([key, inner]) => keysOf(inner, [...path, key]))
}

describe('config.example.yaml', () => {
  test('has every key with its default', () => {
    expect(keysOf(parse(example)).sort()).toEqual(keysOf(parseConfig('', 'nothing')).sort())
    expect(parseConfig(example, 'example')).toEqual(parseConfig('', 'nothing'))
  })

  test('loads with what it suggests', () => {
    const chosen = example
      .replace('  # url:', '  url:')
      .replace('  kindRules: []', '  kindRules:')
      .replace(
        /(  # - \{.*\})\n(  kindRules:)/,
        (_, rule: string, key: string) => `${key}\n${rule.replace('# ', '  ')}`,
      )
    const { database, netbox } = parseConfig(chosen, 'example')
    expect(database.url).toBe('postgres://plenum:secret@db.example.net:5432/plenum')
    expect(netbox.kindRules).toMatchObject([{ kind: 'Switch', as: 'edge' }])
  })
})

describe('bad files, each with the message of its first line', () => {
  const folder = join(import.meta.dirname, 'config')
  const files = readdirSync(folder).filter((name) => name.endsWith('.bad.yaml'))

  test.each(files)('%s', (name) => {
    const text = readFileSync(join(folder, name), 'utf8')
    const said = text.split('\n', 1)[0]!.slice(2)
    expect(said.length).toBeGreaterThan(5)
    let message = ''
    try {
      parseConfig(text, name)
    } catch (error) {
      expect(error).toBeInstanceOf(ConfigError)
      message = (error as Error).message
    }
    expect(message).toContain(`${name}: `)
    expect(message).toContain(said)
  })

  test('all faults are told at once', () => {
    expect(() => parseConfig('limits: { depth: 0, tokens: -1 }\nlog: { level: loud }', 'x')).toThrow(
      /limits\.depth.*limits\.tokens.*log\.level/s,
    )
  })
})

describe('the environment', () => {
  test('wins over the file', () => {
    const folder = mkdtempSync(join(tmpdir(), 'plenum-config-'))
    const path = join(folder, 'plenum.yaml')
    writeFileSync(path, 'http: { port: 1 }\ndatabase: { url: "postgres://file/x" }\nlog: { level: warn }\n')
    const config = loadConfig({ PLENUM_CONFIG: path, PORT: '4321', DATABASE_URL: 'postgres://environment/x' })
    rmSync(folder, { recursive: true })
    expect(config).toMatchObject({
      http: { host: '127.0.0.1', port: 4321 },
      database: { url: 'postgres://environment/x' },
      log: { level: 'warn' },
    })
  })

  test('empty values are no values', () => {
    const none = loadConfig({})
    expect(
      loadConfig({
        PORT: '',
        DATABASE_URL: '',
        PLENUM_ADMIN_TOKEN: '',
        PLENUM_READ_ONLY: '',
        PLENUM_CONFIG: '',
      }),
    ).toEqual(none)
    expect(none).toMatchObject({ readOnly: false, adminToken: undefined, http: { port: 4000 } })
    expect(none.dataFolder).toBe(join(root, '.plenum'))
  })

  test.each([
    [{ PORT: 'http' }, 'PORT'],
    [{ PORT: '65536' }, 'PORT'],
    [{ PORT: '-1' }, 'PORT'],
    [{ DATABASE_URL: 'localhost' }, 'DATABASE_URL'],
    [{ DATABASE_URL: 'postgres://[' }, 'DATABASE_URL'],
    [{ PLENUM_READ_ONLY: 'maybe' }, 'PLENUM_READ_ONLY'],
    [{ PLENUM_CONFIG: '/nowhere/plenum.yaml' }, '/nowhere/plenum.yaml'],
  ])('%j is refused by name', (env, name) => {
    expect(() => loadConfig(env)).toThrow(ConfigError)
    expect(() => loadConfig(env)).toThrow(name)
  })
})
