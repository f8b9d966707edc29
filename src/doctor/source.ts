/** Whether each source answers and lets us read, through the port and with what the configuration says. */
import type { SourceConfig, SourceFailure } from '../source/index.ts'
import { probeSource } from '../source/index.ts'
import { fault, ok, warning, type Finding } from './finding.ts'

const advice: Record<SourceFailure, string> = {
  unreachable: 'look whether it runs, and whether this machine may reach it: name, route, firewall, proxy',
  timeout: 'look whether it is overloaded, or whether something on the way swallows what we send',
  denied: 'look at the credentials, and at what they may do there',
  missing: 'look at the path of its url',
  busy: 'it has too much to do: lower atOnce and perSecond of the source',
  bad: 'look whether the url leads to such a system, and at its certificate (ca)',
  failed: 'look at its own log',
  aborted: 'try again',
}

export async function checkSource(config: SourceConfig): Promise<Finding> {
  const check = `source ${config.name}`
  const found = await probeSource(config)
  if ('failure' in found) return fault(check, `${found.failure}: ${found.message}`, advice[found.failure])
  if (found.told === undefined)
    return warning(
      check,
      'could be opened; it only pushes, so it cannot be asked beforehand',
      'start, and look at `{ sources { nodes { name state { failure } } } }`',
    )
  return ok(check, found.told)
}
