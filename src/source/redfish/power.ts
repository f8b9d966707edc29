/** Switches machines by their controllers; done when they say so. */
import { setTimeout as pause } from 'node:timers/promises'
import { SourceError, type PowerSwitch } from '../source.ts'
import type { Client } from './client.ts'
import { systemKey } from './map.ts'
import type { System } from './shape.ts'

const everyMs = 500

/** What is asked for, the first that the controller knows. */
const words = {
  ON: ['On', 'ForceOn'],
  OFF: ['GracefulShutdown', 'PushPowerButton'],
  'OFF now': ['ForceOff'],
}

export function createSwitch(clients: ReadonlyMap<string, Client>): PowerSwitch {
  return {
    knows(key) {
      const [part, id] = partsOf(key)
      return clients.has(part) && key === systemKey(part, id)
    },
    async set(key, to, { force }, signal) {
      const [part, id] = partsOf(key)
      const client = clients.get(part)
      if (client === undefined || key !== systemKey(part, id))
        throw new SourceError('bad', 'only machines can be switched')
      if (to !== 'ON') await turn(client, id, 'OFF', force, signal)
      if (to !== 'OFF') await turn(client, id, 'ON', force, signal)
    },
  }
}

function partsOf(key: string): [part: string, id: string] {
  const [part = '', id = ''] = key.split('/')
  return [part, id]
}

async function turn(
  client: Client,
  id: string,
  to: 'ON' | 'OFF',
  force: boolean,
  signal: AbortSignal,
): Promise<void> {
  const system = await client.system(id, signal)
  if (stateOf(system) === to) return
  await client.reset(system, wordFor(system, to === 'OFF' && force ? 'OFF now' : to), signal)
  while (stateOf(await client.system(id, signal)) !== to)
    await pause(everyMs, undefined, { signal }).catch((cause: unknown) => {
      throw new SourceError('aborted', `the machine was not ${to} in time`, { cause })
    })
}

const stateOf = ({ PowerState }: System): string | undefined => PowerState?.toUpperCase()

function wordFor({ Actions }: System, wish: keyof typeof words): string {
  const known = Actions?.['#ComputerSystem.Reset']?.['ResetType@Redfish.AllowableValues']
  const word = words[wish].find((one) => known == null || known.includes(one))
  if (word === undefined) throw new SourceError('bad', `the controller cannot: it knows ${known!.join(', ')}`)
  return word
}
