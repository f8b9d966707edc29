/** Rows of CSV by RFC 4180, from text in any pieces. Blanks around cells are left out unless the cell is quoted. */
import { Readable } from 'node:stream'
import { parse, type CsvErrorCode, type Info } from 'csv-parse'
import { invalidInput, PlenumError } from '../../errors.ts'
import { longestItem, tooLong } from './text.ts'

export interface CsvRow {
  cells: string[]
  /** The line in which it begins, counted from 1. */
  line: number
}

/** INVALID_INPUT with its line where quotes do not pair. */
export async function* splitRows(texts: AsyncIterable<string>): AsyncGenerator<CsvRow> {
  const { delimiter, whole } = await peek(texts)
  const source = Readable.from(whole)
  const parser = parse({
    delimiter,
    info: true,
    relax_column_count: true,
    trim: true,
    skip_empty_lines: true,
    max_record_size: longestItem,
  })
  source.on('error', (error) => parser.destroy(error))
  try {
    for await (const { record, info } of source.pipe(parser) as AsyncIterable<{
      record: string[]
      info: Info
    }>) {
      if (record.length > 1 || record[0] !== '')
        yield { cells: record, line: info.lines - linesWithin(record) }
    }
  } catch (error) {
    throw toFault(error)
  } finally {
    source.destroy()
    parser.destroy()
  }
}

const linesWithin = (cells: readonly string[]): number =>
  cells.reduce((sum, cell) => sum + (cell.includes('\n') ? cell.split('\n').length - 1 : 0), 0)

/** The first of comma, semicolon and tab that stands outside quotes in the header; and the text with what was read for it. */
async function peek(
  texts: AsyncIterable<string>,
): Promise<{ delimiter: string; whole: AsyncIterable<string> }> {
  const iterator = texts[Symbol.asyncIterator]()
  let head = ''
  let step = await iterator.next()
  while (!step.done) {
    head += step.value
    if (/[\r\n]/.test(head) || head.length > longestItem) break
    step = await iterator.next()
  }
  async function* whole(): AsyncGenerator<string> {
    yield head
    for (let next = await iterator.next(); !next.done; next = await iterator.next()) yield next.value
  }
  const header = head.split(/[\r\n]/, 1)[0]!.replace(/"[^"]*"/g, '')
  return { delimiter: /[,;\t]/.exec(header)?.[0] ?? ',', whole: whole() }
}

const reasons: Partial<Record<CsvErrorCode, string>> = {
  CSV_INVALID_CLOSING_QUOTE: 'after a closing quote comes the next cell',
  INVALID_OPENING_QUOTE: 'a cell with a quote in it stands in quotes, and the quote twice',
}

function toFault(error: unknown): unknown {
  if (error instanceof PlenumError || !(error instanceof Error) || !('code' in error)) return error
  const { code, lines, message } = error as Error & { code: CsvErrorCode; lines?: number }
  if (code === 'CSV_MAX_RECORD_SIZE') return tooLong(lines ?? 1)
  if (code === 'CSV_QUOTE_NOT_CLOSED') {
    const line = /at line (\d+)/.exec(message)?.[1] ?? lines
    return invalidInput(
      `line ${line}: this is not CSV: the quote that opens in this line is never closed`,
      `line ${line}`,
    )
  }
  return code.includes('QUOTE')
    ? invalidInput(`line ${lines}: this is not CSV: ${reasons[code] ?? message}`, `line ${lines}`)
    : error
}
