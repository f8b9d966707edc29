/** Starts one contender in a process of its own, with a Postgres user of its own, so that its connections can be told apart. */
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { Db } from '../../src/db.ts'
import { openConnection, toRequest, type Connection } from './client.ts'
import { dialectOf, questions, type ContenderName, type QuestionName } from './question.ts'
import type { Samples } from './sample.ts'

export interface Contender {
  name: ContenderName
  pid: number
  port: number
  /** The Postgres user that it is. */
  role: string
  /** Requests of a question, ready to be sent; asked in a circle. */
  requests(question: QuestionName): Buffer[]
  connect(): Promise<Connection>
  /** What its memory holds, in bytes; of Plenum only. */
  memory(): Promise<Memory>
  close(): Promise<void>
}

export interface Memory {
  /** After a full collection. */
  heapBytes: number
  rssBytes: number
}

const password = 'bench'
export const adminToken = 'plenum_bench_peers_only'
/** As many different ones of each question; a mutation must change something each time. */
const variants = 200

export async function startContender(options: {
  name: ContenderName
  db: Db
  url: string
  folder: string
  samples: Samples
}): Promise<Contender> {
  const { name, db, samples } = options
  const role = `bench_${name.replace('-', '_')}`
  await makeRole(db, role)
  const url = new URL(options.url)
  ;[url.username, url.password] = [role, password]
  const child = launch(name, options.folder, url.href)
  const port = await listening(child, name)
  const headers = name === 'plenum' ? { authorization: `Bearer ${adminToken}` } : {}
  return {
    name,
    pid: child.pid!,
    port,
    role,
    requests: (question) => toRequests(name, question, samples, port, headers),
    connect: () => openConnection(port),
    async memory() {
      const answered = once(child, 'message')
      child.send('memory')
      return ((await answered) as [Memory])[0]
    },
    async close() {
      if (child.exitCode !== null || child.signalCode !== null) return
      const gone = once(child, 'exit')
      child.disconnect()
      const late = setTimeout(() => child.kill('SIGKILL'), 10_000)
      await gone
      clearTimeout(late)
    },
  }
}

async function makeRole(db: Db, role: string): Promise<void> {
  const { rows } = await db.raw<{ rows: unknown[] }>('select 1 from pg_roles where rolname = ?', [role])
  if (rows.length === 0) await db.raw(`create role ${role} login superuser password '${password}'`)
}

/** Plenum with the flags that `bin/plenum` gives, and room for a million resources. */
function launch(name: ContenderName, folder: string, url: string): ChildProcess {
  const env = { ...process.env, NODE_ENV: 'production', DATABASE_URL: url, PLENUM_ADMIN_TOKEN: adminToken }
  const flags = ['--disable-warning=ExperimentalWarning']
  return name === 'plenum'
    ? fork(join(import.meta.dirname, 'plenum.ts'), {
        env,
        execArgv: [
          ...flags,
          '--external-memory-accounted-in-global-limit',
          '--max-old-space-size=8192',
          '--expose-gc',
        ],
      })
    : fork(join(folder, `${name}.mjs`), { env, execArgv: flags, cwd: folder })
}

async function listening(child: ChildProcess, name: string): Promise<number> {
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`${name} ended with ${code}`)
  })
  const [{ port }] = (await Promise.race([once(child, 'message'), ended])) as [{ port: number }]
  ended.catch(() => {})
  return port
}

let turn = 0

function toRequests(
  name: ContenderName,
  question: QuestionName,
  samples: Samples,
  port: number,
  headers: Record<string, string>,
): Buffer[] {
  const values = questions[question].samples(samples)
  const { text, variables } = questions[question].wordings[dialectOf(name)]
  const count = question === 'q7' ? variants * 50 : variants
  return Array.from({ length: count }, (_, index) => {
    const given = variables(values[index % values.length]!, ++turn)
    return name === 'sql-json'
      ? toRequest(port, text, given, headers)
      : toRequest(port, '/graphql', { query: text, variables: given }, headers)
  })
}
