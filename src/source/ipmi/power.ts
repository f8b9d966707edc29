/** Switches machines by their controllers; done when they say so. */
import { setTimeout as pause } from 'node:timers/promises'
import { SourceError, type PowerSwitch } from '../source.ts'
import type { Tool } from './client.ts'
import { machineKey, parsePower } from './map.ts'

const everyMs = 500

export function createSwitch(tool: Pick<Tool, 'run'>, targets: readonly string[]): PowerSwitch {
  const power = (target: string, word: string, signal: AbortSignal) =>
    tool.run(target, ['chassis', 'power', word], signal)
  async function until(target: string, wanted: 'ON' | 'OFF', signal: AbortSignal): Promise<void> {
    while (parsePower(await power(target, 'status', signal)) !== wanted)
      await pause(everyMs, undefined, { signal }).catch((cause: unknown) => {
        throw new SourceError('aborted', `the machine was not ${wanted} in time`, { cause })
      })
  }
  async function turn(target: string, to: 'ON' | 'OFF', force: boolean, signal: AbortSignal): Promise<void> {
    if (parsePower(await power(target, 'status', signal)) === to) return
    await power(target, to === 'ON' ? 'on' : force ? 'off' : 'soft', signal)
    await until(target, to, signal)
  }
  return {
    knows: (key) => targets.some((one) => machineKey(one) === key),
    async set(key, to, { force }, signal) {
      const target = targets.find((one) => machineKey(one) === key)
      if (target === undefined) throw new SourceError('bad', 'only machines can be switched')
      if (to !== 'ON') await turn(target, 'OFF', force, signal)
      if (to !== 'OFF') await turn(target, 'ON', force, signal)
    },
  }
}
