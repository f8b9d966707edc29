/** What Node and the system say of this process, under the names that Prometheus' clients share, so that dashboards made for them fit. */
import { readdirSync, readFileSync } from 'node:fs'
import { monitorEventLoopDelay, PerformanceObserver, constants } from 'node:perf_hooks'
import { histogram, type Family, type Point } from './instrument.ts'

const collections = histogram({
  name: 'nodejs_gc_duration_seconds',
  help: 'How long collections of garbage took, by their kind.',
  labels: ['kind'],
  bounds: [0.001, 0.01, 0.1, 1, 2, 5],
})

const kinds: Readonly<Record<number, string>> = {
  [constants.NODE_PERFORMANCE_GC_MAJOR]: 'major',
  [constants.NODE_PERFORMANCE_GC_MINOR]: 'minor',
  [constants.NODE_PERFORMANCE_GC_INCREMENTAL]: 'incremental',
  [constants.NODE_PERFORMANCE_GC_WEAKCB]: 'weakcb',
}
const resolutionMs = 10
const nano = 1e9
const micro = 1e6

export interface Runtime {
  families(): Family[]
  close(): void
}

export function watchRuntime(): Runtime {
  const delay = monitorEventLoopDelay({ resolution: resolutionMs })
  delay.enable()
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      const { kind } = (entry as unknown as { detail: { kind: number } }).detail
      collections.observe([kinds[kind] ?? 'other'], entry.duration / 1_000)
    }
  })
  observer.observe({ entryTypes: ['gc'] })
  return {
    families() {
      const pauses = pausesOf(delay)
      delay.reset()
      return [...pauses, ...memory(), ...processor(), ...descriptors(), ...about()]
    },
    close() {
      delay.disable()
      observer.disconnect()
    },
  }
}

const gauge = (name: string, help: string, value: number, type: Family['type'] = 'gauge'): Family => ({
  name,
  help,
  type,
  points: [{ labels: {}, value }],
})

/** Since the last scrape: beyond the resolution, it is how long the event loop was held. */
function pausesOf(delay: ReturnType<typeof monitorEventLoopDelay>): Family[] {
  const seconds = (nanoseconds: number): number =>
    Number.isFinite(nanoseconds) ? Math.max(0, nanoseconds / nano - resolutionMs / 1_000) : 0
  const isEmpty = delay.count === 0
  const of = (value: number): number => (isEmpty ? 0 : seconds(value))
  return [
    gauge(
      'nodejs_eventloop_lag_mean_seconds',
      'By how much the event loop was late since the last scrape, on average.',
      of(delay.mean),
    ),
    gauge(
      'nodejs_eventloop_lag_p99_seconds',
      'By how much it was late in the worst hundredth.',
      of(delay.percentile(99)),
    ),
    gauge('nodejs_eventloop_lag_max_seconds', 'Its longest pause since the last scrape.', of(delay.max)),
  ]
}

function memory(): Family[] {
  const { rss, heapTotal, heapUsed, external } = process.memoryUsage()
  return [
    gauge('process_resident_memory_bytes', 'Memory that the process has.', rss),
    gauge('nodejs_heap_size_total_bytes', 'Heap that V8 has taken.', heapTotal),
    gauge('nodejs_heap_size_used_bytes', 'Heap that is in use, garbage included.', heapUsed),
    gauge('nodejs_external_memory_bytes', 'Memory of objects outside of the heap.', external),
  ]
}

function processor(): Family[] {
  const { user, system } = process.cpuUsage()
  return [
    gauge(
      'process_cpu_user_seconds_total',
      'Time of the processor for our own code.',
      user / micro,
      'counter',
    ),
    gauge(
      'process_cpu_system_seconds_total',
      'Time of the processor in the system.',
      system / micro,
      'counter',
    ),
    gauge('process_cpu_seconds_total', 'Time of the processor.', (user + system) / micro, 'counter'),
  ]
}

/** Open files and sockets, and how many there may be: where the system tells (Linux). */
function descriptors(): Family[] {
  const open = countOpen()
  const most = limitOfFiles()
  return [
    ...(open === undefined ? [] : [gauge('process_open_fds', 'Open files and sockets.', open)]),
    ...(most === undefined ? [] : [gauge('process_max_fds', 'How many there may be.', most)]),
  ]
}

export function countOpen(): number | undefined {
  try {
    return readdirSync('/proc/self/fd').length
  } catch {
    return undefined
  }
}

/** The soft limit of open files; undefined where the system does not tell it, Infinity when there is none. */
export function limitOfFiles(pid: number | 'self' = 'self'): number | undefined {
  try {
    const [, soft] = /^Max open files\s+(\S+)/m.exec(readFileSync(`/proc/${pid}/limits`, 'utf8')) ?? []
    return soft === undefined ? undefined : soft === 'unlimited' ? Infinity : Number(soft)
  } catch {
    return undefined
  }
}

const startSeconds = Date.now() / 1_000 - process.uptime()

function about(): Family[] {
  const version: Point = { labels: { version: process.version }, value: 1 }
  return [
    gauge('process_start_time_seconds', 'When the process started, since the epoch.', startSeconds),
    { name: 'nodejs_version_info', help: 'Which Node it runs on.', type: 'gauge', points: [version] },
  ]
}
