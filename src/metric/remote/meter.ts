/** What the writing to the remote store counts of itself. */
import { counter } from '../../telemetry/index.ts'

export const remoteSamples = counter({
  name: 'plenum_remote_samples_total',
  help: 'Samples for the remote store, by how they ended: sent, refused.',
  labels: ['result'],
})
export const remoteLost = counter({
  name: 'plenum_remote_ticks_lost_total',
  help: 'Ticks (what was measured in some forty milliseconds) that waited for the remote store for too long and were dropped.',
})
export const remoteWrites = counter({
  name: 'plenum_remote_writes_total',
  help: 'Requests that write to the remote store, by how they ended: ok, refused, failed.',
  labels: ['result'],
})
