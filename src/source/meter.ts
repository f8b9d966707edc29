/** What sources count of themselves, by their names in the configuration. */
import { counter } from '../telemetry/index.ts'

export const syncs = counter({
  name: 'plenum_source_syncs_total',
  help: 'Whole listings of a source by this process, by how they ended: ok, held, failed.',
  labels: ['source', 'result'],
})
export const syncSeconds = counter({
  name: 'plenum_source_sync_seconds_total',
  help: 'Time that whole listings took, the writing included.',
  labels: ['source'],
})
export const liveReads = counter({
  name: 'plenum_source_reads_total',
  help: 'Times that live values were asked of a source, by how it did: OK, STALE, TIMEOUT, ERROR.',
  labels: ['source', 'status'],
})
