/** Rows of CSV by RFC 4180, from text in any pieces. Blanks around cells are left out unless the cell is quoted. */
import { invalidInput } from '../../errors.ts'
import { shown } from './fault.ts'
import { longestItem, tooLong } from './text.ts'

export interface CsvRow {
  cells: string[]
  /** The line in which it begins, counted from 1. */
  line: number
}

const delimiters = [',', ';', '\t']

/** INVALID_INPUT with its line where quotes do not pair. */
export async function* splitRows(texts: AsyncIterable<string>): AsyncGenerator<CsvRow> {
  const splitter = new Splitter()
  for await (const text of texts) yield* splitter.take(text)
  yield* splitter.end()
}

class Splitter {
  /** The first of comma, semicolon and tab that stands outside quotes. */
  #delimiter: string | undefined
  #line = 1
  #rowLine = 1
  #quoteLine = 0
  #size = 0
  #cells: string[] = []
  #cell = ''
  #state: 'plain' | 'quoted' | 'closed' = 'plain'
  /** The last character may be half of what it is with the next: a quote within quotes, a carriage return. */
  #afterQuote = false
  #afterReturn = false

  #isDelimiter(char: string): boolean {
    if (this.#delimiter === undefined && delimiters.includes(char)) this.#delimiter = char
    return char === this.#delimiter
  }

  *take(text: string): Generator<CsvRow> {
    for (const char of text) {
      const isLineFeedOfReturn = this.#afterReturn && char === '\n'
      this.#afterReturn = false
      if (isLineFeedOfReturn) continue
      this.#size += char.length
      if (this.#size > longestItem) throw tooLong(this.#rowLine)
      if (this.#state === 'quoted') this.#quoted(char)
      else if (char === '\n' || char === '\r') yield* this.#endRow(char)
      else if (this.#isDelimiter(char)) this.#endCell()
      else if (char === '"') this.#quote()
      else this.#plain(char)
    }
  }

  *end(): Generator<CsvRow> {
    if (this.#state === 'quoted')
      throw this.#broken(this.#quoteLine, 'the quote that opens in this line is never closed')
    yield* this.#endRow('')
  }

  #quoted(char: string): void {
    if (char === '\n') this.#line += 1
    if (char === '"') this.#state = 'closed'
    else this.#cell += char
  }

  #quote(): void {
    if (this.#state === 'closed' && !this.#afterQuote) {
      this.#cell += '"'
      this.#state = 'quoted'
    } else if (this.#state === 'plain' && this.#cell.trim() === '') {
      this.#cell = ''
      this.#quoteLine = this.#line
      this.#state = 'quoted'
    } else {
      throw this.#broken(this.#line, 'a cell with a quote in it stands in quotes, and the quote twice')
    }
  }

  #plain(char: string): void {
    if (this.#state === 'plain') {
      this.#cell += char
      return
    }
    this.#afterQuote = true
    if (char.trim() !== '')
      throw this.#broken(this.#line, `after a closing quote comes the next cell, not ${shown(char)}`)
  }

  #endCell(): void {
    this.#cells.push(this.#state === 'closed' ? this.#cell : this.#cell.trim())
    this.#cell = ''
    this.#state = 'plain'
    this.#afterQuote = false
  }

  *#endRow(char: string): Generator<CsvRow> {
    const isBlank = this.#cells.length === 0 && this.#state === 'plain' && this.#cell.trim() === ''
    this.#endCell()
    if (!isBlank) yield { cells: this.#cells, line: this.#rowLine }
    this.#cells = []
    this.#size = 0
    this.#line += 1
    this.#rowLine = this.#line
    this.#afterReturn = char === '\r'
  }

  #broken(line: number, what: string) {
    return invalidInput(`line ${line}: this is not CSV: ${what}`, `line ${line}`)
  }
}
