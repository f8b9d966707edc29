/** How sources over HTTP that stand behind a token or a login are opened: settings, headers, certificates to trust. */
import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { secretReference, SourceError, type SourceEnvironment } from './source.ts'

const secret = z.string().regex(secretReference, 'a reference such as env:TOKEN is needed')

export const loginSettings = {
  token: secret.optional(),
  user: z.string().min(1).optional(),
  password: secret.optional(),
  /** A file with certificates to trust beside the system's, PEM. */
  ca: z.string().optional(),
}

export interface Login {
  token?: string | undefined
  user?: string | undefined
  password?: string | undefined
}

/** What is wrong with it; undefined: nothing. */
export function checkLogin({ token, user, password }: Login): string | undefined {
  if (token !== undefined && user !== undefined) return 'either token, or user and password'
  return (user === undefined) === (password === undefined) ? undefined : 'user and password belong together'
}

export async function headersOf(
  { token, user, password }: Login,
  { secret: read }: Pick<SourceEnvironment, 'secret'>,
): Promise<Record<string, string>> {
  if (token !== undefined) return { authorization: `Bearer ${await read(token)}` }
  if (user === undefined || password === undefined) return {}
  const login = `${user}:${await read(password)}`
  return { authorization: `Basic ${Buffer.from(login).toString('base64')}` }
}

export async function readAuthorities(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    throw new SourceError('bad', `the certificates in ${path} cannot be read`, { cause })
  }
}
