/**
 * Makes and ends servers of a cloud with their ports, volumes, floating addresses and groups, each by itself. What is there by its name is taken for what an earlier
 * try made; where a try was served late there may be two, and one is ended.
 */
import { SourceError, type Actor, type ActorSpec, type MadeThing } from '../../source.ts'
import { findRegions, findServices } from '../service.ts'
import type { Session } from '../session.ts'
import { end, endNode } from './end.ts'
import { madeKinds, type MadeKind } from './made.ts'
import { Making, serviceIn } from './making.ts'
import { parseSpec } from './spec.ts'
import { deployNode, madeNodes } from './node.ts'

export function createActor(session: Session): Actor {
  return {
    async create(given, name, signal) {
      const spec = parseSpec(given)
      const services = await findServices(session, await regionOf(session, spec.region, signal), signal)
      if (spec.kind === 'node') return deployNode(serviceIn(services, 'baremetal'), spec, name, signal)
      return { key: await new Making(services, name, signal).make(spec) }
    },
    async destroy(name, signal, made) {
      for (const region of await findRegions(session, signal)) {
        const services = await findServices(session, region, signal)
        const metal = services.get('baremetal')
        if (metal !== undefined && (made === undefined || made.kind === 'node'))
          await endNode(metal, name, signal)
        for (const kind of kindsOf(made)) {
          const service = services.get(kind.service)
          if (service !== undefined) await end(service, kind, name, signal)
        }
      }
    },
    async made(signal) {
      const all: MadeThing[] = []
      for (const region of await findRegions(session, signal)) {
        const services = await findServices(session, region, signal)
        for (const [kind, { service: name, key, all: list }] of Object.entries(madeKinds)) {
          const service = services.get(name)
          for (const one of service === undefined ? [] : await list(service, signal))
            all.push({ kind, name: one.name, key: `${key}/${one.id}` })
        }
        const metal = services.get('baremetal')
        if (metal !== undefined) all.push(...(await madeNodes(metal, signal)))
      }
      return all
    },
  }
}

const kindsOf = (made: ActorSpec | undefined): MadeKind[] => {
  if (made?.kind === 'node') return []
  const own = Object.entries(madeKinds).filter(([kind]) => kind === made?.kind)
  return (own.length === 0 ? Object.entries(madeKinds) : own).map(([, one]) => one)
}

async function regionOf(session: Session, asked: string | undefined, signal: AbortSignal): Promise<string> {
  const all = await findRegions(session, signal)
  if (asked === undefined ? all.length === 1 : all.includes(asked)) return asked ?? all[0]!
  throw new SourceError(
    'bad',
    asked === undefined ? `which region: ${all.join(', ')}?` : `there is no region ${asked}`,
  )
}
