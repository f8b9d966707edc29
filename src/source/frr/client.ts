/** Runs `vtysh`, here or wherever the configured words lead, with a deadline and a bound. */
import { execFile } from 'node:child_process'
import { SourceError, type SourceEnvironment } from '../source.ts'

export interface Router {
  /** The words that run vtysh there. */
  command: readonly string[]
  /** Whether they hand what follows to a shell, as ssh does. */
  shell: boolean
}

const mostBytes = 16 * 1_048_576

export class Vtysh {
  readonly #routers: ReadonlyMap<string, Router>
  readonly #deadlineMs: number
  readonly #environment: Pick<SourceEnvironment, 'admit'>

  constructor(
    routers: ReadonlyMap<string, Router>,
    deadlineMs: number,
    environment: Pick<SourceEnvironment, 'admit'>,
  ) {
    this.#routers = routers
    this.#deadlineMs = deadlineMs
    this.#environment = environment
  }

  get names(): readonly string[] {
    return [...this.#routers.keys()]
  }

  /** What it says to the commands, one after the other. */
  async run(name: string, commands: readonly string[], signal: AbortSignal): Promise<string> {
    const router = this.#routers.get(name)
    if (router === undefined)
      throw new SourceError('bad', `there is no router ${name.slice(0, 80)} in the configuration`)
    const leave = await this.#environment.admit?.(signal)
    try {
      return await this.#spawn(name, router, commands, signal)
    } finally {
      leave?.()
    }
  }

  #spawn(
    name: string,
    { command, shell }: Router,
    commands: readonly string[],
    signal: AbortSignal,
  ): Promise<string> {
    const [program = '', ...words] = command
    const asked = commands.flatMap((one) => ['-c', shell ? `'${one.replaceAll("'", `'\\''`)}'` : one])
    const options = { signal, timeout: this.#deadlineMs, maxBuffer: mostBytes }
    return new Promise((resolve, reject) => {
      execFile(program, [...words, ...asked], options, (error, out, told) => {
        const refused = refusalIn(out) ?? refusalIn(told)
        if (error === null && refused === undefined) return resolve(out)
        reject(toSourceError(error, { name, told, refused, isAborted: signal.aborted }))
      })
    })
  }
}

/** Older ones end well whatever they refuse. */
const refusalIn = (text: string): string | undefined => /^% ?(.{1,200})/m.exec(text)?.[1]

function toSourceError(
  error: (Error & { code?: string | number | null; killed?: boolean }) | null,
  {
    name,
    told,
    refused,
    isAborted,
  }: { name: string; told: string; refused: string | undefined; isAborted: boolean },
): SourceError {
  if (isAborted) return new SourceError('aborted', `${name}: given up`)
  if (error?.code === 'ENOENT') return new SourceError('failed', `${name}: there is no such program`)
  if (error?.code === 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER')
    return new SourceError('bad', `${name}: the answer is too large`)
  if (error?.killed === true) return new SourceError('timeout', `${name}: no answer in time`)
  if (/failed to connect to any daemons/i.test(told) || error?.code === 255)
    return new SourceError('unreachable', `${name}: no daemon answers there`)
  if (refused !== undefined) return new SourceError('bad', `${name}: ${refused}`)
  return new SourceError('failed', `${name}: vtysh ended with ${String(error?.code)}`)
}
