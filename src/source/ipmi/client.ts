/** Runs `ipmitool`, with a deadline and a bound. The password goes by its environment, where only this user sees it. */
import { execFile } from 'node:child_process'
import { SourceError, type SourceEnvironment } from '../source.ts'

export interface ToolOptions {
  command: string
  user: string
  password: string
  requestSeconds: number
  cipherSuite?: number | undefined
}

const mostBytes = 1_048_576

export class Tool {
  readonly #options: ToolOptions
  readonly #environment: Pick<SourceEnvironment, 'secret' | 'admit'>

  constructor(options: ToolOptions, environment: Pick<SourceEnvironment, 'secret' | 'admit'>) {
    this.#options = options
    this.#environment = environment
  }

  async run(target: string, words: readonly string[], signal: AbortSignal): Promise<string> {
    const password = await this.#environment.secret(this.#options.password)
    const leave = await this.#environment.admit?.(signal)
    try {
      return await this.#spawn(target, words, password, signal)
    } finally {
      leave?.()
    }
  }

  /** Nothing when the controller has no such thing. */
  async tryRun(target: string, words: readonly string[], signal: AbortSignal): Promise<string> {
    try {
      return await this.run(target, words, signal)
    } catch (error) {
      if (error instanceof SourceError && error.failure === 'failed') return ''
      throw error
    }
  }

  #spawn(target: string, words: readonly string[], password: string, signal: AbortSignal): Promise<string> {
    const { command, user, requestSeconds, cipherSuite } = this.#options
    const [host = '', port = '623'] = target.split(':')
    const login = ['-I', 'lanplus', '-H', host, '-p', port, '-U', user, '-E', '-N', '2', '-R', '2']
    if (cipherSuite !== undefined) login.push('-C', String(cipherSuite))
    const env = { PATH: process.env['PATH'], IPMI_PASSWORD: password }
    const what = words.filter((word) => !word.startsWith('-')).join(' ')
    const options = { env, signal, timeout: requestSeconds * 1_000, maxBuffer: mostBytes }
    return new Promise((resolve, reject) => {
      execFile(command, [...login, ...words], options, (error, out, told) => {
        if (error === null) return resolve(out)
        reject(toSourceError(error, { what, told, isAborted: signal.aborted }))
      })
    })
  }
}

/** What the program says may name whom it asked with what: only what kind it is of is told. */
function toSourceError(
  error: Error & { code?: string | number | null; killed?: boolean },
  { what, told, isAborted }: { what: string; told: string; isAborted: boolean },
): SourceError {
  if (isAborted) return new SourceError('aborted', `${what}: given up`)
  if (error.code === 'ENOENT') return new SourceError('failed', 'there is no ipmitool')
  if (error.code === 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER')
    return new SourceError('bad', `${what}: the answer is too large`)
  if (error.killed === true) return new SourceError('timeout', `${what}: no answer in time`)
  if (/unable to establish/i.test(told))
    return new SourceError(
      'unreachable',
      `${what}: no session: nobody is there, or user, password or cipher are refused`,
    )
  return new SourceError('failed', `${what}: ipmitool ended with ${String(error.code)}`)
}
