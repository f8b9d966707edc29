/** Management controllers that speak no Redfish, by IPMI through `ipmitool`: whether a machine is on, what its label says, its sensors. Each controller is a part by itself. */
import { z } from 'zod'
import { createSwitch } from './power.ts'
import { goRound } from '../round.ts'
import { secretReference, type Driver, type Source, type SourceEnvironment } from '../source.ts'
import { Tool } from './client.ts'
import {
  controllerKey,
  metrics,
  parseFru,
  parsePower,
  parseSensors,
  toObservations,
  toReadings,
} from './map.ts'

const settings = z.strictObject({
  targets: z
    .array(z.string().regex(/^[A-Za-z0-9][\w.-]*(?::\d{1,5})?$/, 'an address such as 10.1.9.7 is needed'))
    .min(1),
  user: z.string().regex(/^[^-]/),
  password: z.string().regex(secretReference, 'a reference such as env:BMC_PASSWORD is needed'),
  /** Seconds between two readings of one controller. */
  interval: z.number().positive().default(300),
  requestSeconds: z.number().positive().default(20),
  /** How a session is guarded; default: what the controller offers, for which it is asked each time. */
  cipherSuite: z.number().int().min(1).max(255).optional(),
  /** The program. */
  command: z.string().min(1).default('ipmitool'),
})
type Settings = z.infer<typeof settings>

export const ipmi: Driver<Settings> = {
  name: 'ipmi',
  authoritative: false,
  precedence: 50,
  role: 'observed',
  shards: 8,
  metrics,
  parseSettings: (value) => settings.parse(value),
  open: async (own, environment) => open(own, environment),
}

function open(own: Settings, environment: SourceEnvironment): Source {
  const tool = new Tool(own, environment)
  const ask = async (part: string, signal: AbortSignal) => {
    // Without an answer to this there is nothing; the rest not every controller has.
    const power = parsePower(await tool.run(part, ['chassis', 'power', 'status'], signal))
    const fru = parseFru(await tool.tryRun(part, ['fru', 'print', '0'], signal))
    const sensors = parseSensors(await tool.tryRun(part, ['-c', 'sdr', 'list', 'full'], signal))
    return {
      things: toObservations(part, { power, fru, sensors }),
      readings: toReadings(part, sensors, Date.now()),
    }
  }
  return {
    watch: (signal) =>
      goRound(
        { parts: own.targets, everyMs: own.interval * 1_000, environment, keyOf: controllerKey, ask },
        signal,
      ),
    async probe(signal) {
      const [first = ''] = own.targets
      const power = parsePower(await tool.run(first, ['chassis', 'power', 'status'], signal))
      return `${first} answers, the machine is ${power.toLowerCase()}`
    },
    ...(environment.control === true ? { power: createSwitch(tool, own.targets) } : {}),
    close: async () => {},
  }
}
