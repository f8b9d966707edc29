/** Answers on their way to text. */

/** JSON that is written already, in UTF-8. */
export class JsonText {
  readonly bytes: Buffer

  constructor(bytes: Buffer) {
    this.bytes = bytes
  }

  get text(): string {
    return this.bytes.toString()
  }

  /** For those who do not know it: the slow way. */
  toJSON(): unknown {
    return JSON.parse(this.text)
  }
}

export interface Answer {
  errors?: readonly unknown[]
  data?: unknown
  extensions?: object
}

/** An answer as JSON, its errors first, with data that is text already taken as it is. */
export function stringifyAnswer({ errors, data, extensions }: Answer): string {
  const parts: string[] = []
  if (errors !== undefined) parts.push(`"errors":${JSON.stringify(errors)}`)
  if (data !== undefined) parts.push(`"data":${data instanceof JsonText ? data.text : JSON.stringify(data)}`)
  if (extensions !== undefined) parts.push(`"extensions":${JSON.stringify(extensions)}`)
  return `{${parts.join()}}`
}

const opening = Buffer.from('{"data":')
const closing = Buffer.from('}')

/** The same in UTF-8. */
export function bytesOfAnswer(answer: Answer): Buffer {
  const { errors, data, extensions } = answer
  if (errors !== undefined || !(data instanceof JsonText)) return Buffer.from(stringifyAnswer(answer))
  if (extensions === undefined) return Buffer.concat([opening, data.bytes, closing])
  return Buffer.concat([opening, data.bytes, Buffer.from(`,"extensions":${JSON.stringify(extensions)}}`)])
}

/**
 * For a writer of JSON that is not ours: it gets answers whose data is a stand-in, and what it wrote becomes the message. Between `standIn`'s answer being written
 * and `restore` nothing else may be written.
 */
export function createStandIn(): {
  standIn: <T extends Answer>(answer: T) => T
  restore: (written: string) => string
} {
  const mark = crypto.randomUUID()
  const quoted = `"${mark}"`
  let waiting: string | undefined
  return {
    standIn(answer) {
      const { data } = answer
      if (!(data instanceof JsonText)) return answer
      const toJSON = (): string => {
        waiting = data.text
        return mark
      }
      return { ...answer, data: { toJSON } }
    },
    restore(written) {
      if (waiting === undefined) return written
      const at = written.indexOf(quoted)
      const text = `${written.slice(0, at)}${waiting}${written.slice(at + quoted.length)}`
      waiting = undefined
      return text
    },
  }
}
