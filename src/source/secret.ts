/** Secrets by reference: where they are is in the configuration, what they are is read when it is needed and shown nowhere. */
import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { secretReference, SourceError } from './source.ts'

const commandMs = 10_000
const mostBytes = 65_536

/**
 * The value behind `env:NAME`, `file:PATH` or `command:LINE` (run by sh, its first line counts). SourceError `denied` when there is none; the message names the
 * reference's place and never what came of it.
 */
export async function readSecret(reference: string, signal?: AbortSignal): Promise<string> {
  if (!secretReference.test(reference))
    throw new SourceError('denied', 'a secret is given by reference: env:NAME, file:PATH or command:LINE')
  const at = reference.indexOf(':')
  const place = reference.slice(at + 1)
  const read = { env: fromEnvironment, file: fromFile, command: fromCommand }[
    reference.slice(0, at) as 'env' | 'file' | 'command'
  ]
  const value = (await read(place, signal)).replace(/\r?\n$/, '')
  if (value === '') throw new SourceError('denied', `the secret of ${nameOf(reference)} is empty`)
  return value
}

/** The values behind references, by the same names. */
export async function secretsOf(
  references: Readonly<Record<string, string>>,
): Promise<Record<string, string>> {
  const read = Object.entries(references).map(async ([name, one]) => [name, await readSecret(one)] as const)
  return Object.fromEntries(await Promise.all(read))
}

/** What of a reference may be shown: a command's arguments may hold what they should not. */
const nameOf = (reference: string): string =>
  reference.startsWith('command:')
    ? `command:${reference.slice(8).trim().split(/\s+/)[0] ?? ''} …`
    : reference

async function fromEnvironment(name: string): Promise<string> {
  const value = process.env[name]
  if (value === undefined)
    throw new SourceError('denied', `the environment has no ${name}, which a secret refers to`)
  return value
}

async function fromFile(path: string, signal?: AbortSignal): Promise<string> {
  try {
    const text = await readFile(path, { encoding: 'utf8', ...(signal ? { signal } : {}) })
    if (text.length <= mostBytes) return text
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new SourceError('denied', `the secret's file ${path} cannot be read (${code ?? 'unknown'})`)
  }
  throw new SourceError('denied', `the secret's file ${path} is too large to be one`)
}

/** Its errors have the output and the whole line in them: neither is passed on. */
function fromCommand(line: string, signal?: AbortSignal): Promise<string> {
  const options = { timeout: commandMs, maxBuffer: mostBytes, ...(signal ? { signal } : {}) }
  return new Promise((resolve, reject) => {
    execFile('/bin/sh', ['-c', line], options, (error, stdout) => {
      if (error === null) return resolve(stdout.split('\n', 1)[0] ?? '')
      const how = error.killed
        ? `gave nothing within ${commandMs / 1_000} s`
        : `ended with ${error.code ?? 'a signal'}`
      reject(new SourceError('denied', `the secret's ${nameOf(`command:${line}`)} ${how}`))
    })
  })
}

const shortest = 4

/** Takes secrets that were read out of what is shown. */
export class Redactor {
  readonly #secrets = new Set<string>()
  /** As they stand in JSON: every thing of a listing is looked through. */
  #inJson: readonly string[] = []

  add(secret: string): void {
    if (secret.length < shortest) return
    this.#secrets.add(secret)
    this.#secrets.add(encodeURIComponent(secret))
    this.#secrets.add(Buffer.from(secret).toString('base64'))
    this.#inJson = [...new Set([...this.#secrets].map(jsonOf))]
  }

  clean(text: string): string {
    let clean = text
    for (const secret of this.#secrets) clean = clean.replaceAll(secret, '***')
    return clean
  }

  /** The error without them, and without what lies below it. */
  cleanError(error: unknown): SourceError {
    const message = this.clean(error instanceof Error ? error.message : String(error))
    if (!(error instanceof SourceError)) return new SourceError('failed', message)
    const { failure, retryAfterMs } = error
    return new SourceError(failure, message, retryAfterMs === undefined ? {} : { retryAfterMs })
  }

  /** The value without them, at any depth. */
  cleanAll<T>(value: T): T {
    if (this.#secrets.size === 0) return value
    const text = JSON.stringify(value)
    return text === undefined || !this.#inJson.some((secret) => text.includes(secret))
      ? value
      : (JSON.parse(this.#cleanJson(text)) as T)
  }

  #cleanJson(text: string): string {
    let clean = text
    for (const secret of this.#inJson) clean = clean.replaceAll(secret, '***')
    return clean
  }
}

const jsonOf = (text: string): string => JSON.stringify(text).slice(1, -1)
