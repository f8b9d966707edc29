/**
 * A sample datacenter, the same at every start: three sites in two regions, six racks, leaf and spine, 72 servers, about 200 virtual machines, 150
 * containers and 20 services. It is intent only; the names and addresses fit together, so that simulated devices can answer for them.
 */
import type { InventoryItem } from '../resource/verbs.ts'
import { Sample } from './draft.ts'
import { addFabric } from './fabric.ts'
import { addPlaces } from './place.ts'
import { SampleSegments } from './segment.ts'
import { addServers } from './server.ts'
import { addImages, addServices, addTenants, workloads } from './service.ts'
import { addClusters, addWorkloads } from './workload.ts'

const batchSize = 500

/** What is linked to comes before what links to it, but for cables. */
export function sampleItems(): InventoryItem[] {
  const sample = new Sample()
  const tenants = addTenants(sample)
  const images = addImages(sample)
  const sites = addPlaces(sample)
  const segments = new SampleSegments(sample, sites)
  const fabric = addFabric(sample, sites, segments)
  const clusters = addClusters(sample, sites)
  const servers = addServers(sample, sites, fabric, segments, clusters)
  const instances = addWorkloads({ sample, servers, clusters, segments, tenants, images }, workloads)
  addServices(sample, instances, tenants)
  return sample.items
}

/** In batches, as `importInventory` takes them. */
export async function* sampleInventory(): AsyncGenerator<InventoryItem[]> {
  const items = sampleItems()
  for (let at = 0; at < items.length; at += batchSize) yield items.slice(at, at + batchSize)
}
