/** SNMP: one source is a set of devices, each listed by itself, on and on. See docs/snmp.md. */
import type { Driver, Source, SourceEnvironment } from '../source.ts'
import { loadModules, metricsOf } from './module/index.ts'
import { Opener, readLogins } from './opener.ts'
import { Poller, toSourceError } from './poller.ts'
import { probeSeeds } from './probe.ts'
import { settingsSchema, type SnmpSettings } from './settings.ts'

const shipped = await loadModules()

export const snmp: Driver<SnmpSettings> = {
  name: 'snmp',
  authoritative: false,
  precedence: 60,
  role: 'observed',
  shards: 16,
  metrics: [
    { name: 'up', unit: '1', type: 'state', help: 'Whether it answered when it was asked last: 1 or 0.' },
    { name: 'scrape.duration', unit: 's', type: 'gauge', help: 'How long it took to read it.' },
    ...metricsOf(shipped),
  ],
  parseSettings: (value) => settingsSchema.parse(value),
  open: async (settings, environment) => {
    try {
      return await open(settings, environment)
    } catch (error) {
      throw toSourceError(error)
    }
  },
}

async function open(settings: SnmpSettings, environment: SourceEnvironment): Promise<Source> {
  const modules = settings.modules === undefined ? shipped : await loadModules(settings.modules)
  const logins = await readLogins(settings.credentials, environment.secret)
  const opener = await Opener.start(settings)
  return {
    ...(settings.modules !== undefined && { metrics: metricsOf(modules) }),
    probe: (signal) => probeSeeds(settings, logins, opener, signal),
    async *watch(signal) {
      const poller = new Poller({ settings, environment, modules, logins, opener })
      try {
        yield* poller.run(signal)
      } catch (error) {
        if (!signal.aborted) throw toSourceError(error)
      }
    },
    close: () => opener.close(),
  }
}
