/** Which room may know which: the plan of docs/architecture.md as a test. */
import { globSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { describe, expect, test } from 'vitest'

const root = join(import.meta.dirname, '..', '..')
const files = globSync(['src/**/*.ts', 'resolvers/**/*.ts'], { cwd: root }).map((path) =>
  path.replaceAll('\\', '/'),
)
const textOf = (path: string) => readFileSync(join(root, path), 'utf8')

interface Import {
  from: string
  to: string
  typeOnly: boolean
}

const imports: Import[] = files.flatMap((from) =>
  [...textOf(from).matchAll(/^(?:import|export)\s+(type\s)?[^'"]*?from\s+'([^']+)'/gms)].map(
    ([, type, to]) => ({
      from,
      to: to!.startsWith('.') ? normalize(join(dirname(from), to!)).replaceAll('\\', '/') : to!,
      typeOnly: type !== undefined,
    }),
  ),
)

/** `src/resource/write/settle.ts` → `src/resource`; a file right under src is a room of its own; each driver is one. */
function roomOf(path: string): string {
  const parts = path.split('/')
  if (parts[0] !== 'src') return parts[0]!
  if (parts[1] === 'source' && parts.length > 3) return parts.slice(0, 3).join('/')
  return parts.length === 2 ? path : parts.slice(0, 2).join('/')
}

const doors = readFileSync(join(import.meta.dirname, 'room.txt'), 'utf8')
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'))
  .map((line) => line.split(/\s+/)[0]!)

const isDoor = (path: string): boolean =>
  path.endsWith('/index.ts') ||
  doors.some((door) => (door.endsWith('/') ? path.startsWith(door) : path === door))
const inside = imports.filter(({ to }) => to.startsWith('src/') || to.startsWith('resolvers/'))

describe('laws of the rooms', () => {
  test('a noun shows only its index.ts and its listed doors', () => {
    const across = inside.filter(({ from, to }) => roomOf(from) !== roomOf(to) && to.split('/').length > 2)
    expect(across.filter(({ to }) => !isDoor(to))).toEqual([])
  })

  test('every listed door is there and is used', () => {
    const used = doors.filter((door) =>
      inside.some(
        ({ from, to }) =>
          roomOf(from) !== roomOf(to) && (door.endsWith('/') ? to.startsWith(door) : to === door),
      ),
    )
    expect(doors.filter((door) => !used.includes(door))).toEqual([])
  })

  test('SQL lives in store, history, turn and db files', () => {
    const sql = /\b(?:select\s[^'"`]{1,200}?\sfrom\s|insert\s+into\s|delete\s+from\s|update\s+\w+\s+set\s)/i
    const allowed = /(?:^|\/)(?:store|history|turn|db)\.ts$|\/store\//
    const launcher = ['src/postgres/index.ts', 'src/postgres/cluster.ts']
    const speaking = files.filter(
      (path) => sql.test(withoutComments(textOf(path))) && !allowed.test(path) && !launcher.includes(path),
    )
    expect(speaking).toEqual([])
  })

  test('a driver knows the port, the shapes and the errors, nothing else of ours', () => {
    const known = [
      'src/errors.ts',
      'src/resource/resource.ts',
      'src/resource/verbs.ts',
      'src/resource/ref.ts',
      'src/source/source.ts',
      'src/source/http.ts',
      'src/source/memory.ts',
      'src/source/round.ts',
      'src/source/pace.ts',
      'src/source/scrape.ts',
    ]
    const knows = inside.filter(
      ({ from, to }) => roomOf(from).startsWith('src/source/') && roomOf(to) !== roomOf(from),
    )
    expect(knows.filter(({ to }) => !known.includes(to) && !to.startsWith('src/resource/kind/'))).toEqual([])
  })

  test('resolvers know the context, the errors, shapes and the one door of the schema', () => {
    const known = [
      'src/context.ts',
      'src/errors.ts',
      'src/api/schema/read.ts',
      'src/event/event.ts',
      'src/resource/resource.ts',
      'src/resource/verbs.ts',
      'src/graph/graph.ts',
    ]
    const knows = inside.filter(
      ({ from, to }) => from.startsWith('resolvers/') && !to.startsWith('resolvers/'),
    )
    expect(
      knows.filter(
        ({ to }) =>
          !known.includes(to) &&
          !to.startsWith('src/resource/kind/') &&
          !to.startsWith('src/api/subscription/'),
      ),
    ).toEqual([])
  })

  test('only the schema knows the resolvers', () => {
    expect(
      inside
        .filter(({ from, to }) => to.startsWith('resolvers/') && !from.startsWith('resolvers/'))
        .map(({ from }) => from),
    ).toEqual(['src/api/schema/index.ts'])
  })

  test('pure files import no clock, no database, no source, and are synchronous', () => {
    const pure = files.filter((path) =>
      /^src\/.*?\/(?:map|plan|rule|cause|reconcile|kind)(?:\.ts$|\/)/.test(path),
    )
    expect(pure.length).toBeGreaterThan(10)
    const impure = imports.filter(
      ({ from, to }) =>
        pure.includes(from) &&
        /^(?:knex|pg|node:(?:fs|http|timers)|src\/(?:db|clock)\.ts)|\/store\.ts$/.test(to),
    )
    expect(impure).toEqual([])
    expect(
      pure.filter((path) => /\b(?:async|await|Date\.now|new Date\(\))/.test(withoutComments(textOf(path)))),
    ).toEqual([])
  })

  test('no drawers', () => {
    expect(
      files.filter((path) => /(?:^|\/)(?:utils?|helpers?|lib|types|common|misc)(?:\/|\.ts$)/.test(path)),
    ).toEqual([])
  })
})

const withoutComments = (text: string): string =>
  text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '')
