/** The pages that a browser gets: all of it from our own files, so that it works in a closed datacenter. */
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import type { FastifyInstance } from 'fastify'
import { chooseEncoding } from './compress.ts'
import type { Encoding } from './compress.ts'

const require = createRequire(import.meta.url)
/** A file of a package, whatever the package exports. */
const of = (name: string, file: string): string =>
  join(dirname(require.resolve(`${name}/package.json`)), file)
const own = (name: string): string => fileURLToPath(new URL(`console/${name}`, import.meta.url))

const html = 'text/html; charset=utf-8'
const script = 'text/javascript; charset=utf-8'
const style = 'text/css; charset=utf-8'

const files: readonly { url: string; path: () => string; type: string }[] = [
  { url: '/', path: () => own('index.html'), type: html },
  { url: '/graphiql', path: () => own('graphiql.html'), type: html },
  { url: '/graphiql/console.js', path: () => own('console.js'), type: script },
  { url: '/graphiql/console.css', path: () => own('console.css'), type: style },
  { url: '/graphiql/icon.svg', path: () => own('icon.svg'), type: 'image/svg+xml' },
  { url: '/graphiql/samples.graphql', path: () => own('samples.graphql'), type: 'text/plain; charset=utf-8' },
  { url: '/graphiql/graphiql.js', path: () => of('graphiql', 'graphiql.min.js'), type: script },
  { url: '/graphiql/graphiql.css', path: () => of('graphiql', 'graphiql.min.css'), type: style },
  { url: '/graphiql/react.js', path: () => of('react', 'umd/react.production.min.js'), type: script },
  {
    url: '/graphiql/react-dom.js',
    path: () => of('react-dom', 'umd/react-dom.production.min.js'),
    type: script,
  },
]

interface Page {
  etag: string
  plain: Buffer
  encoded: Map<Encoding, Buffer>
}

/** Files are read when they are first asked for, and kept. */
export function addConsole(app: FastifyInstance): void {
  for (const { url, path, type } of files) {
    let page: Promise<Page> | undefined
    app.get(url, async (request, reply) => {
      page ??= readPage(path())
      const { etag, plain, encoded } = await page
      void reply.headers({ etag, 'cache-control': 'no-cache', vary: 'Accept-Encoding' })
      if (request.headers['if-none-match'] === etag) return reply.code(304).send()
      const encoding = chooseEncoding(request.headers['accept-encoding'] as string | undefined)
      if (encoding === undefined) return reply.type(type).send(plain)
      const body = encoded.get(encoding) ?? shrink(plain, encoding)
      encoded.set(encoding, body)
      return reply.type(type).header('content-encoding', encoding).send(body)
    })
  }
}

async function readPage(path: string): Promise<Page> {
  const plain = await readFile(path)
  const etag = `"${createHash('sha256').update(plain).digest('base64url').slice(0, 22)}"`
  return { etag, plain, encoded: new Map() }
}

/** Once per file and encoding, so a few milliseconds are no matter. */
function shrink(plain: Buffer, encoding: Encoding): Buffer {
  return encoding === 'gzip'
    ? gzipSync(plain)
    : brotliCompressSync(plain, { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } })
}
