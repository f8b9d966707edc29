/** Images of resources and links as the tables give them, and a graph that is loaded from them. */
import type { EventBody, LoggedEvent } from '../../src/event/event.ts'
import type { GraphRows, Vertex } from '../../src/graph/graph.ts'
import { loadGraph } from '../../src/graph/load.ts'
import type { MemoryGraph } from '../../src/graph/memory.ts'
import type { KindName } from '../../src/resource/kind/index.ts'
import type { LinkType } from '../../src/resource/kind/link.ts'
import type { LinkImage, ResourceId, ResourceImage } from '../../src/resource/resource.ts'

export const epoch = '1f0c22aa-0000-4000-8000-000000000000'
export const since = 1_700_000_000_000

export function toImage(
  id: ResourceId,
  kind: KindName,
  name: string,
  rest: Partial<ResourceImage> = {},
): ResourceImage {
  return {
    id,
    kind,
    name,
    status: 'ACTIVE',
    labels: {},
    owner: null,
    contact: null,
    siteId: null,
    tenantId: null,
    fields: {},
    sources: [],
    generation: 1,
    revision: 1,
    createdAt: since,
    updatedAt: since,
    hasDrift: false,
    hasConflict: false,
    ...rest,
  }
}

/** A hand-built datacenter: rows that `load` makes a graph of. Ids count from 1. */
export class Datacenter {
  readonly resources: ResourceImage[] = []
  readonly links: LinkImage[] = []
  readonly aliases: { id: ResourceId; into: ResourceId }[] = []
  seq = 0

  /** Gives its id. Fields may be given beside what every resource has. */
  add(
    kind: KindName,
    name: string,
    fields: Record<string, unknown> = {},
    rest: Partial<ResourceImage> = {},
  ): ResourceId {
    const id = rest.id ?? this.resources.reduce((most, one) => Math.max(most, one.id), 0) + 1
    this.resources.push(toImage(id, kind, name, { ...rest, fields }))
    return id
  }

  link(type: LinkType, from: ResourceId, to: ResourceId): void {
    this.links.push({ type, from, to, since })
  }

  /** A port of a device. */
  port(device: ResourceId, name: string, fields: Record<string, unknown> = {}): ResourceId {
    const port = this.add('NetworkInterface', name, fields)
    this.link('PART_OF', port, device)
    return port
  }

  /** A cable between new ports of two devices; gives the ports. */
  cable(
    first: ResourceId,
    second: ResourceId,
    fields: Record<string, unknown> = {},
  ): [ResourceId, ResourceId] {
    const name = `to-${second}-${this.resources.length}`
    const ports: [ResourceId, ResourceId] = [
      this.port(first, name, fields),
      this.port(second, `from-${first}-${name}`, fields),
    ]
    this.link('CONNECTED_TO', Math.min(...ports), Math.max(...ports))
    return ports
  }

  rows(batchSize = 3): GraphRows {
    return {
      cursor: { epoch, seq: this.seq },
      asOf: null,
      resources: inBatches(this.resources, batchSize),
      links: inBatches(this.links, batchSize),
      aliases: inBatches(this.aliases, batchSize),
    }
  }

  load(visited = 1_000_000): Promise<MemoryGraph> {
    return loadGraph(this.rows(), visited)
  }
}

async function* inBatches<T>(items: readonly T[], size: number): AsyncIterable<T[]> {
  for (let start = 0; start < items.length; start += size) yield items.slice(start, start + size)
}

export function toEvents(after: number, bodies: readonly EventBody[]): LoggedEvent[] {
  return bodies.map((body, index) => ({ seq: after + index + 1, at: since, actor: 'test', body }))
}

export const noScope = {
  kind: 'Rack' as const,
  name: '',
  tenantId: null,
  siteId: null,
  labels: {},
  status: null,
}

export const namesOf = (vertices: readonly Vertex[]): string[] => vertices.map((vertex) => vertex.name)
