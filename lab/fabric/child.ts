import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'

/** A process whose output is waited for. */
export class Child {
  readonly #process: ChildProcess
  readonly #ended: Promise<unknown>
  #looks = new Set<() => void>()
  output = ''

  constructor(child: ChildProcess) {
    this.#process = child
    this.#ended = once(child, 'close')
    for (const stream of [child.stdout!, child.stderr!])
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.output += text
        for (const look of this.#looks) look()
      })
  }

  /** Waits until something is found in the output; fails with all of it when the process ends before. */
  until<T>(find: (output: string) => T | null | undefined): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>()
    const look = () => {
      const found = find(this.output)
      if (found !== null && found !== undefined) resolve(found)
    }
    this.#looks.add(look)
    look()
    void this.#ended.then(() => reject(new Error(`it ended before:\n${this.output}`)))
    return promise.finally(() => this.#looks.delete(look))
  }

  saw(pattern: RegExp): Promise<RegExpExecArray> {
    return this.until((output) => pattern.exec(output))
  }

  /** User's and system's processor time. */
  cpuSeconds(): number {
    const stat = readFileSync(`/proc/${this.#process.pid}/stat`, 'utf8')
    const fields = stat.replace(/^.*\) /s, '').split(' ')
    // In ticks of a hundredth.
    return (Number(fields[11]) + Number(fields[12])) / 100
  }

  async end(): Promise<void> {
    this.#process.kill('SIGTERM')
    await this.#ended
  }
}
