/** Answers shrink on their way: brotli or gzip, as the caller takes it, from a size on that is worth it. */
import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'

const brotli = promisify(brotliCompress)
const zip = promisify(gzip)
const smallestBytes = 2048

export type Encoding = 'br' | 'gzip'

/** The best encoding that an Accept-Encoding header takes; undefined: none. */
export function chooseEncoding(accept: string | undefined): Encoding | undefined {
  if (accept === undefined) return undefined
  const weights = new Map<string, number>()
  for (const part of accept.toLowerCase().split(',', 32)) {
    const [name = '', ...parameters] = part.split(';').map((text) => text.trim())
    const quality = parameters.find((parameter) => parameter.startsWith('q='))
    weights.set(name, quality === undefined ? 1 : Number(quality.slice(2)) || 0)
  }
  const weightOf = (name: Encoding) => weights.get(name) ?? weights.get('*') ?? 0
  const [best] = (['br', 'gzip'] as const).toSorted((a, b) => weightOf(b) - weightOf(a))
  return best !== undefined && weightOf(best) > 0 ? best : undefined
}

/** The text as it is sent, and how it is encoded. Compressing happens off the event loop. */
export async function compress(
  text: string | Buffer,
  accept: string | undefined,
): Promise<{ body: string | Buffer; encoding?: Encoding }> {
  if (text.length < smallestBytes) return { body: text }
  const encoding = chooseEncoding(accept)
  if (encoding === undefined) return { body: text }
  const body =
    encoding === 'br'
      ? await brotli(text, { params: { [constants.BROTLI_PARAM_QUALITY]: 3 } })
      : await zip(text, { level: 4 })
  return { body, encoding }
}
