/** What root resolvers read with: the one door of this folder to resolvers/. */
export { connectAll, connectList, pageSizeLimit, type RootArguments } from './connection.ts'
export { matching, toFilter, type FilterInput } from './ask.ts'
export { connectEvents, seeLink, toEvent } from './event.ts'
export { findRef, getForWrite, getRef, graphOfRef, idsOfRefs } from './find.ts'
export { connectHistory } from './history.ts'
export { graphOf } from './instant.ts'
export { findNode } from './node.ts'
export { andThen, mapAll, type Soon } from './soon.ts'
export type { AnyResolver } from './type.ts'
export {
  canSeeLink,
  LinkView,
  see,
  seeAll,
  seeId,
  seeLinks,
  View,
  visibleOf,
  viewId,
  visibleTo,
} from './view.ts'
export { checkPlace, once, writeOnce } from './write.ts'
export { connectIncidents, findIncident, seesIncident, toIncident } from './incident.ts'
export {
  followIncidents,
  openIncidentStates,
  toIncidentTest,
  type IncidentChangedArguments,
  type IncidentFilterInput,
} from '../subscription/incident.ts'
export { connectAlerts, openStates, toAlert, toLabels, toRule, toSilence } from './alert.ts'
export { seesAll } from '../../graph/scope.ts'
export type { AlertState, IncidentState, Severity, SilenceImage } from '../../alert/alert.ts'
export {
  followAlerts,
  toAlertTest,
  type AlertChangedArguments,
  type AlertFilterInput,
} from '../subscription/alert.ts'
export { carriedBy } from './carried.ts'
export * from './allocation.ts'
export { followOperations, type OperationChangedArguments } from '../subscription/operation.ts'
export { toStringTest, type StringCondition } from '../../graph/condition.ts'
export * from './resource-event.ts'
export { countBy, groupBy, type GroupValue } from '../../graph/count.ts'
export { checkMetrics, toGrid, toSeries, type TimeRangeInput } from './metric.ts'
export type { Aggregate, Metric, Series } from '../../metric/metric.ts'
export { followReadings, type ReadingArguments } from '../subscription/reading.ts'
export type { Graph, Vertex } from '../../graph/graph.ts'
export type { KindName } from '../../resource/kind/index.ts'
export type { LinkType } from '../../resource/kind/link.ts'
export type { Actor, LinkClaim, ResourceStatus } from '../../resource/resource.ts'
export type { InventoryItem, UpdateRequest, WriteResult } from '../../resource/verbs.ts'
export type { Cursor } from '../../event/event.ts'
export type { Power } from '../../source/source.ts'
export type { Control, Prepared } from '../../control/index.ts'
export type { Given } from '../../allocation/allocation.ts'
export { findPaths } from '../../graph/path.ts'
export { connectSet, type LogArguments } from './log.ts'
export type { UsageKey, UsageRecord } from '../../usage/index.ts'
export { toCapacities } from './capacity.ts'
export { join, ofSamples, statOf, type SetAggregate, type StatArguments } from './stat.ts'
export { noteTruncated } from './truncated.ts'
export { findByText, type SearchHit } from '../../graph/search.ts'
export { connectMembers } from './member.ts'
export { toTopology, type TopologyOptions } from '../../graph/topology.ts'
export {
  followEvents,
  followResources,
  followTopology,
  type ChangeArguments,
  type TopologyArguments,
} from '../subscription/index.ts'
