/** What an id of `node` means. */
import type { Context } from '../../context.ts'
import type { Graph } from '../../graph/graph.ts'
import { linkTypes, type LinkType } from '../../resource/kind/link.ts'
import { parseVersionId } from '../../resource/ref.ts'
import { findAlertNode } from './alert.ts'
import { findAllocationNode } from './allocation.ts'
import { graphOf } from './instant.ts'
import { andThen, type Soon } from './soon.ts'
import { canSeeLink, LinkView, seeId } from './view.ts'

/** A resource or a link, of the instant that its id embeds, an alert, a rule or a silence; null when there is no such thing. */
export function findNode(context: Context, id: string): Soon<object | null> {
  const resource = parseVersionId(id)
  if (resource)
    return andThen(graphOf(context, resource.instant), (graph) => seeId(context, graph, resource.id))
  const link = parseLinkId(id)
  if (!link) return findAllocationNode(context, id) ?? findAlertNode(context, id)
  return andThen(graphOf(context, link.instant), (graph) => seeLink(context, graph, link))
}

interface LinkId {
  type: LinkType
  from: number
  to: number
  instant: number | undefined
}

function parseLinkId(id: string): LinkId | undefined {
  const match = /^([A-Z_]{1,30})\.([1-9]\d{0,15})\.([^.]+(?:\.\d{3}Z)?)$/.exec(id)
  const to = match && parseVersionId(match[3]!)
  if (!to || !linkTypes.includes(match[1] as LinkType)) return undefined
  return { type: match[1] as LinkType, from: Number(match[2]), to: to.id, instant: to.instant }
}

function seeLink(context: Context, graph: Graph, { type, from, to }: LinkId): LinkView | null {
  const link = graph.findLink(type, from, to)
  return link && canSeeLink(context, link) ? new LinkView(graph, link) : null
}
