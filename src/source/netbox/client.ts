/** Reads a NetBox dump: a fixture as `manage.py dumpdata` writes it. */
import { PlenumError, invalidInput, limitExceeded } from '../../errors.ts'
import { Dump, type Row } from './dump.ts'

/** What one text may hold in this process. */
const dumpBytes = 500 * 1024 * 1024

/** INVALID_INPUT with the position when the bytes are no fixture; LIMIT_EXCEEDED over 500 MiB. */
export async function readDump(body: AsyncIterable<Uint8Array | string>, signal: AbortSignal): Promise<Dump> {
  return parseDump(await readText(body, signal))
}

async function readText(body: AsyncIterable<Uint8Array | string>, signal: AbortSignal): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of body) {
    signal.throwIfAborted()
    const bytes = Buffer.from(chunk as Uint8Array)
    size += bytes.length
    if (size > dumpBytes)
      throw limitExceeded('dumpBytes', dumpBytes, 'The NetBox dump is larger than 500 MiB: dump fewer apps')
    chunks.push(bytes)
  }
  const bytes = Buffer.concat(chunks)
  const text = bytes.toString('utf8')
  const again = Buffer.from(text, 'utf8')
  if (again.equals(bytes)) return text.startsWith('\uFEFF') ? text.slice(1) : text
  const at = bytes.findIndex((byte, index) => byte !== again[index])
  throw invalidInput(`The NetBox dump is not UTF-8: byte ${at} is wrong`, `byte ${at}`)
}

export function parseDump(text: string): Dump {
  const list = parseJson(text)
  if (!Array.isArray(list)) {
    throw invalidInput(
      'A NetBox dump is a JSON list of rows { "model", "pk", "fields" }, as `manage.py dumpdata` writes it; this is ' +
        (list === null ? 'null' : typeof list),
      '',
    )
  }
  const problems: { path: string; message: string }[] = []
  const rows = list.flatMap((entry: unknown, index): Row[] => {
    const fault = faultOf(entry)
    if (fault === undefined) return [{ ...(entry as Omit<Row, 'index'>), index }]
    problems.push({ path: `[${index}]`, message: fault })
    return []
  })
  refuse(problems)
  const dump = new Dump(rows)
  dump.check()
  return dump
}

function faultOf(entry: unknown): string | undefined {
  if (typeof entry !== 'object' || entry === null || Array.isArray(entry)) return 'a row is an object'
  const { model, pk, fields } = entry as Record<string, unknown>
  if (typeof model !== 'string' || !/^[a-z_]+\.[a-z_0-9]+$/.test(model))
    return 'a row has a model such as "dcim.device"'
  if (!Number.isSafeInteger(pk) && !(typeof pk === 'string' && pk !== '')) return `this ${model} has no pk`
  if (typeof fields !== 'object' || fields === null || Array.isArray(fields))
    return `this ${model} has no fields`
  return undefined
}

function refuse(problems: { path: string; message: string }[]): void {
  const [first] = problems
  if (first === undefined) return
  const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : ''
  throw new PlenumError('INVALID_INPUT', `The NetBox dump: ${first.path}: ${first.message}${more}`, {
    path: first.path,
    problems: problems.slice(0, 100),
  })
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    const position = Number(/position (\d+)/.exec((error as Error).message)?.[1] ?? text.length)
    const before = text.slice(0, position)
    const line = before.split('\n').length
    const where = `line ${line}, column ${position - before.lastIndexOf('\n')}`
    const cause = { cause: error }
    throw new PlenumError('INVALID_INPUT', `The NetBox dump is not JSON: ${where}`, { path: where }, cause)
  }
}
