/**
 * Makes BGP neighbours on routers, and ends them: what is wanted is compared with what runs there, what is missing is told, and what runs there is looked at again.
 * A neighbour of ours is in a peer group that bears its name; any other is somebody's.
 */
import { isIP } from 'node:net'
import { z } from 'zod'
import { SourceError, type Actor, type MadeThing } from '../source.ts'
import type { Vtysh } from './client.ts'
import {
  groupOf,
  groupsOf,
  missingOf,
  parseSpeakers,
  routerLine,
  speakerOf,
  toCommands,
  toEnd,
  type Neighbor,
  type Speaker,
} from './map.ts'

const word = /^[\w.-]{1,63}$/
const spec = z.strictObject({
  kind: z.literal('neighbor'),
  router: z.string().min(1),
  address: z.string().refine((value) => isIP(value) !== 0, 'is no address'),
  remoteAs: z
    .union([
      z.number().int().min(1).max(4_294_967_295),
      z.string().regex(/^(?:external|internal|[1-9]\d{0,9})$/),
    ])
    .default('external')
    .transform(String),
  vrf: z.string().regex(word).optional(),
  timers: z
    .strictObject({
      keepalive: z.number().int().min(1).max(65_535),
      hold: z.number().int().min(3).max(65_535),
      connect: z.number().int().min(1).max(65_535),
    })
    .optional(),
  bfd: z.boolean().default(false),
})

export function createActor(vtysh: Vtysh, isSaved: boolean): Actor {
  const change = async (router: string, speaker: Speaker, commands: string[], signal: AbortSignal) => {
    const save = isSaved ? ['write memory'] : []
    await vtysh.run(router, ['configure terminal', routerLine(speaker), ...commands, 'end', ...save], signal)
  }
  const speakersOf = async (router: string, signal: AbortSignal) =>
    parseSpeakers(await vtysh.run(router, ['show running-config'], signal))
  return {
    async create(given, name, signal) {
      const { router, ...neighbor } = parseSpec(given, name)
      const speaker = speakerOf(await speakersOf(router, signal), neighbor.vrf)
      if (speaker === undefined) throw new SourceError('bad', `${router} speaks no BGP${inVrf(neighbor)}`)
      refuseTaken(speaker, router, name, neighbor)
      if (missingOf(speaker, name, neighbor).length > 0)
        await change(router, speaker, toCommands(name, neighbor), signal)
      const after = speakerOf(await speakersOf(router, signal), neighbor.vrf)
      const missing = after === undefined ? ['router bgp'] : missingOf(after, name, neighbor)
      if (missing.length > 0) throw new SourceError('bad', `${router} has not taken \`${missing[0]}\``)
      return { key: `${router}/bgp/${neighbor.address}` }
    },
    async destroy(name, signal, made) {
      checkName(name)
      const router = made === undefined ? undefined : String(made['router'])
      for (const one of router === undefined ? vtysh.names : [router])
        for (const speaker of await speakersOf(one, signal)) {
          const commands = toEnd(speaker, name)
          if (commands.length === 0) continue
          await change(one, speaker, commands, signal)
          const after = speakerOf(await speakersOf(one, signal), speaker.vrf)
          if (after !== undefined && toEnd(after, name).length > 0)
            throw new SourceError('failed', `${one} still has ${name}`)
        }
    },
    async made(signal) {
      const all: MadeThing[] = []
      for (const router of vtysh.names)
        for (const speaker of await speakersOf(router, signal))
          for (const { name, address } of groupsOf(speaker))
            all.push({ kind: 'neighbor', name, key: `${router}/bgp/${address}` })
      return all
    },
  }
}

const inVrf = ({ vrf }: Neighbor): string => (vrf === undefined ? '' : ` in VRF ${vrf}`)

function refuseTaken(speaker: Speaker, router: string, name: string, { address }: Neighbor): void {
  const group = groupOf(speaker, address)
  if (group !== undefined && group !== name)
    throw new SourceError('bad', `${router} has a neighbour ${address} already, and somebody else made it`)
}

function parseSpec(given: unknown, name: string): z.infer<typeof spec> {
  checkName(name)
  const { success, data, error } = spec.safeParse(given)
  if (success) return data
  const { path, message } = error.issues[0]!
  throw new SourceError('bad', `what is asked for is no neighbour: ${path.join('.')}: ${message}`)
}

/** It becomes part of commands. */
function checkName(name: string): void {
  if (!word.test(name)) throw new SourceError('bad', 'a name is letters, digits, ., _ and -, 63 at most')
}
