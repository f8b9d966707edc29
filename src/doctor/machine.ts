/** What the machine gives: memory, files, ports, disk, certificates. */
import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { constants } from 'node:fs'
import { access, readFile, statfs } from 'node:fs/promises'
import { createServer } from 'node:net'
import { dirname } from 'node:path'
import { getHeapStatistics } from 'node:v8'
import type { Config } from '../config.ts'
import { limitOfFiles } from '../telemetry/index.ts'
import { fault, mebibytes, ok, warning, type Finding } from './finding.ts'

/** Measured: a million resources with two million links take 1.1 GB (docs/decisions/graph-in-memory.md). */
const bytesOfResource = 700
const bytesOfLink = 200
const mostOfHeap = 0.75

export function checkHeapFor(
  resources: number,
  links: number,
  limitBytes = getHeapStatistics().heap_size_limit,
): Finding {
  const neededBytes = resources * bytesOfResource + links * bytesOfLink
  const text = `${resources.toLocaleString('en')} resources and ${links.toLocaleString('en')} links take about ${mebibytes(neededBytes)} of a heap of ${mebibytes(limitBytes)}`
  return neededBytes > limitBytes * mostOfHeap
    ? fault(
        'heap',
        text,
        `give it more: NODE_OPTIONS=--max-old-space-size=${Math.ceil((neededBytes * 2) / 1_048_576)}`,
      )
    : ok('heap', text)
}

/** Beside clients: the pool, files, sources, the listening sockets. */
const ownFiles = 200

export function checkFiles(config: Config, limit = limitOfFiles()): Finding {
  if (limit === undefined) return ok('open files', 'this system does not tell the limit')
  const wanted = ownFiles + config.database.poolSize + config.limits.socketsPerToken
  const text = `at most ${limit === Infinity ? 'any number' : limit.toLocaleString('en')}`
  return limit < wanted
    ? warning(
        'open files',
        `${text}; one token alone may open ${config.limits.socketsPerToken} sockets`,
        `raise it: ulimit -n ${Math.max(65_536, wanted)}, or LimitNOFILE= of the unit`,
      )
    : ok('open files', text)
}

/** A Plenum that answers there is well. */
export async function checkPort({ http: { host, port, tls } }: Config): Promise<Finding> {
  const place = `${host} port ${port}`
  if (port === 0) return ok('port', 'any free one is asked for')
  const server = createServer()
  try {
    server.listen(port, host)
    await once(server, 'listening')
    server.close()
    return ok('port', `${place} is free`)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EADDRINUSE' && (await isPlenum(host, port, tls !== undefined)))
      return ok('port', `a Plenum answers on ${place}`)
    if (code === 'EADDRINUSE')
      return fault(
        'port',
        `something else listens on ${place}`,
        'stop it, or name another: http.port or PORT',
      )
    if (code === 'EACCES')
      return fault(
        'port',
        `this user may not listen on ${place}`,
        'name a port above 1023, or put a proxy in front',
      )
    return fault('port', `cannot listen on ${place} (${code})`, 'name an address of this machine: http.host')
  }
}

async function isPlenum(host: string, port: number, isTls: boolean): Promise<boolean> {
  // Its certificate need not be for this name: that it is taken by something that speaks TLS must do.
  if (isTls) return true
  const name = ['0.0.0.0', '::'].includes(host) ? '127.0.0.1' : host
  const answer = await fetch(`http://${name.includes(':') ? `[${name}]` : name}:${port}/health/live`, {
    signal: AbortSignal.timeout(3_000),
  }).catch(() => undefined)
  return answer !== undefined && 'live' in ((await answer.json().catch(() => ({}))) as object)
}

const leastBytes = 1_073_741_824
const fewBytes = 104_857_600

/** Of the embedded Postgres. */
export async function checkFolder(folder: string, free?: number): Promise<Finding> {
  const place = await existing(folder)
  try {
    await access(place, constants.W_OK | constants.X_OK)
  } catch {
    return fault(
      'data folder',
      `${place} cannot be written`,
      `let the user that runs Plenum write there, or name another folder: PLENUM_DATA_DIR`,
    )
  }
  const { bavail, bsize } = await statfs(place)
  const bytes = free ?? bavail * bsize
  const text = `${folder}: ${mebibytes(bytes)} are free`
  const advice = 'make room: a full disk refuses every write, and loses nothing that was committed'
  if (bytes < fewBytes) return fault('data folder', text, advice)
  return bytes < leastBytes ? warning('data folder', text, advice) : ok('data folder', text)
}

/** The folder, or the nearest above that is there. */
async function existing(path: string): Promise<string> {
  return access(path).then(
    () => path,
    () => (dirname(path) === path ? path : existing(dirname(path))),
  )
}

const dayMs = 86_400_000
const soonDays = 21

export async function checkCertificate({ http: { tls } }: Config, now = Date.now()): Promise<Finding[]> {
  if (tls === undefined) return []
  try {
    const [certificate, key] = await Promise.all([readFile(tls.certificate), readFile(tls.key, 'utf8')])
    const { validToDate, subject } = new X509Certificate(certificate)
    if (!key.includes('PRIVATE KEY'))
      return [
        fault('certificate', `${tls.key} holds no private key`, 'name the PEM file of its key: http.tls.key'),
      ]
    const days = Math.floor((validToDate.getTime() - now) / dayMs)
    const text = `of ${subject.replaceAll('\n', ', ')} ends ${validToDate.toISOString().slice(0, 10)}`
    const advice = 'renew it and start again: it is read at the start'
    if (days < 0) return [fault('certificate', text, advice)]
    return [days < soonDays ? warning('certificate', text, advice) : ok('certificate', text)]
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    return [
      fault(
        'certificate',
        `cannot be used (${code ?? message})`,
        'name PEM files that this user can read: http.tls',
      ),
    ]
  }
}
