/** Who logs in where: as `clouds.yaml` of the OpenStack clients says it, or as the settings of the source do. */
import { readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { parse } from 'yaml'
import { z } from 'zod'
import { secretReference, SourceError, type SourceEnvironment } from '../source.ts'

const reference = z.string().regex(secretReference, 'a reference such as env:OS_PASSWORD is needed')

/** Names as in clouds.yaml, with small letters and underscores, so that what is there can be copied. */
export const authSettings = z.strictObject({
  auth_url: z.url({ protocol: /^https?$/ }),
  username: z.string().optional(),
  user_id: z.string().optional(),
  password: reference.optional(),
  user_domain_name: z.string().optional(),
  user_domain_id: z.string().optional(),
  project_name: z.string().optional(),
  project_id: z.string().optional(),
  project_domain_name: z.string().optional(),
  project_domain_id: z.string().optional(),
  system_scope: z.literal('all').optional(),
  application_credential_id: z.string().optional(),
  application_credential_name: z.string().optional(),
  application_credential_secret: reference.optional(),
})

export interface Account {
  authUrl: string
  /** What is sent to log in; read anew each time. */
  login(): Promise<unknown>
  regions: readonly string[] | undefined
  interface: 'public' | 'internal' | 'admin'
  ca: string | undefined
}

export interface CloudSettings {
  auth?: z.infer<typeof authSettings> | undefined
  cloud?: string | undefined
  cloudsFile?: string | undefined
  regions?: readonly string[] | undefined
  interface?: 'public' | 'internal' | 'admin' | undefined
  ca?: string | undefined
}

type Auth = Partial<Record<keyof z.infer<typeof authSettings>, string>>

interface Cloud {
  auth?: Auth
  region_name?: string
  regions?: (string | { name: string })[]
  interface?: string
  cacert?: string
  verify?: boolean
}

export async function readAccount(
  own: CloudSettings,
  environment: Pick<SourceEnvironment, 'secret'>,
): Promise<Account> {
  const { cloud, name } = own.cloud === undefined ? { cloud: undefined, name: '' } : await readCloud(own)
  if (cloud?.verify === false)
    throw new SourceError(
      'denied',
      `the cloud ${name} says verify: false: give its certificate by ca instead`,
    )
  const auth: Auth = { ...cloud?.auth, ...own.auth } as Auth
  if (!auth.auth_url) throw new SourceError('denied', 'no auth_url is given')
  const theirs = cloud?.regions?.map((one) => (typeof one === 'string' ? one : one.name))
  return {
    authUrl: auth.auth_url,
    login: async () => toLogin(await withSecrets(own, environment)),
    regions: own.regions ?? (cloud?.region_name ? [cloud.region_name] : theirs),
    interface: own.interface ?? toInterface(cloud?.interface),
    ca: await readCa(own.ca ?? cloud?.cacert),
  }
}

const toInterface = (text: string | undefined): Account['interface'] =>
  text?.startsWith('internal') ? 'internal' : text?.startsWith('admin') ? 'admin' : 'public'

/** Secrets of clouds.yaml stand in it, as its readers have it; those of the settings only by reference. */
async function withSecrets(
  own: CloudSettings,
  environment: Pick<SourceEnvironment, 'secret'>,
): Promise<Auth> {
  const theirs = own.cloud === undefined ? {} : ((await readCloud(own)).cloud.auth ?? {})
  const auth: Auth = { ...theirs, ...own.auth } as Auth
  for (const key of ['password', 'application_credential_secret'] as const) {
    const given = own.auth?.[key]
    if (given !== undefined) auth[key] = await environment.secret(given)
  }
  return auth
}

/** clouds.yaml with secure.yaml over it, from where the clients look. */
async function readCloud({ cloud = '', cloudsFile }: CloudSettings): Promise<{ cloud: Cloud; name: string }> {
  const folders = [process.cwd(), join(homedir(), '.config', 'openstack'), '/etc/openstack']
  const files = cloudsFile === undefined ? folders.map((folder) => join(folder, 'clouds.yaml')) : [cloudsFile]
  for (const file of files) {
    const found = await readYaml(file)
    if (found === undefined) continue
    const secure = await readYaml(file.replace(/clouds\.ya?ml$/, 'secure.yaml'))
    const [plain, hidden] = [found.clouds?.[cloud], secure?.clouds?.[cloud]]
    if (plain === undefined) throw new SourceError('denied', `${file} has no cloud ${cloud}`)
    return { cloud: { ...plain, ...hidden, auth: { ...plain.auth, ...hidden?.auth } }, name: cloud }
  }
  throw new SourceError('denied', `there is no clouds.yaml in ${files.join(', ')}`)
}

async function readYaml(file: string): Promise<{ clouds?: Record<string, Cloud> } | undefined> {
  const text = await readFile(file, 'utf8').catch(() => undefined)
  if (text === undefined) return undefined
  try {
    return parse(text) as { clouds?: Record<string, Cloud> }
  } catch {
    // The parser's own message quotes the text.
    throw new SourceError('denied', `${file} is no YAML`)
  }
}

async function readCa(path: string | undefined): Promise<string | undefined> {
  if (path === undefined) return undefined
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    throw new SourceError('denied', `the certificates in ${path} cannot be read`, { cause })
  }
}

/** The body of `POST /v3/auth/tokens`. */
export function toLogin(auth: Auth): unknown {
  const user = {
    ...(auth.user_id ? { id: auth.user_id } : { name: auth.username, domain: domainOf(auth, 'user') }),
  }
  if (auth.application_credential_secret) {
    const { application_credential_id: id, application_credential_name: name } = auth
    const application = { ...(id ? { id } : { name, user }), secret: auth.application_credential_secret }
    return {
      auth: { identity: { methods: ['application_credential'], application_credential: application } },
    }
  }
  if (!auth.password || !(auth.username ?? auth.user_id))
    throw new SourceError(
      'denied',
      'a user with a password, or an application credential with its secret, is needed',
    )
  const identity = { methods: ['password'], password: { user: { ...user, password: auth.password } } }
  return { auth: { identity, scope: scopeOf(auth) } }
}

function scopeOf(auth: Auth): unknown {
  if (auth.system_scope) return { system: { all: true } }
  if (auth.project_id) return { project: { id: auth.project_id } }
  if (auth.project_name) return { project: { name: auth.project_name, domain: domainOf(auth, 'project') } }
  throw new SourceError('denied', 'a project (project_name or project_id) or system_scope is needed')
}

function domainOf(auth: Auth, of: 'user' | 'project'): { id: string } | { name: string } {
  const [id, name] = [auth[`${of}_domain_id`], auth[`${of}_domain_name`]]
  return id ? { id } : name ? { name } : { id: 'default' }
}
