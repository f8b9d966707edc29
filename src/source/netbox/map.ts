/** A NetBox dump as observations. Pure: the same dump gives the same observations in the same order. */
import type { Observation } from '../../resource/resource.ts'
import { connect } from './cable/connect.ts'
import { type Dump, type Row } from './dump.ts'
import { indexPrefixes, notePrefixes, toAddress, toPrefix, toVlan, toVrf } from './map/address.ts'
import { readContacts, readTags } from './map/contact.ts'
import { decideKinds, toBay, toDevice, toInventoryItem, toModule } from './map/device.ts'
import type { Mapping } from './map/draft.ts'
import { toCircuit, toCluster, toProviderNetwork, toTenant, toVirtualMachine } from './map/machine.ts'
import { toLocation, toPowerFeed, toRack, toRegion, toSite } from './map/place.ts'
import { toInterface, toPort, toVmInterface } from './map/port.ts'
import { toReport, type NetboxReport } from './report.ts'
import { kindDecider, type KindRule } from './rule.ts'

export interface MapOptions {
  /** The source's name, which links within the dump are made with. */
  source: string
  /** Rules that go before the table of kinds. */
  kindRules?: readonly KindRule[]
}

export interface MappedDump {
  observations: Observation[]
  report: NetboxReport
}

type ToObservation = (mapping: Mapping, row: Row) => Observation

/** INVALID_INPUT with every row that refers to what the dump does not have. */
export function mapDump(dump: Dump, options: MapOptions): MappedDump {
  const mapping: Mapping = {
    dump,
    source: options.source,
    decideKind: kindDecider(options.kindRules),
    tags: readTags(dump),
    contacts: readContacts(dump),
    devices: new Map(),
  }
  const decided: Mapping = { ...mapping, devices: decideKinds(dump, mapping.decideKind) }
  const counts = new Map<string, Map<string, number>>()
  const observations: Observation[] = []
  for (const [model, map] of tableOf(decided)) {
    const count = new Map<string, number>()
    for (const row of dump.rows(model)) {
      const observation = map(decided, row)
      observations.push(observation)
      count.set(observation.kind, (count.get(observation.kind) ?? 0) + 1)
    }
    counts.set(model, count)
  }
  const claims = connect(decided)
  dump.check()
  const withCables = observations.map((observation) => {
    const more = claims.get(observation.key)
    return more ? { ...observation, links: [...(observation.links ?? []), ...more] } : observation
  })
  return { observations: withCables, report: toReport(dump, counts) }
}

/** Models that have a resource for each row, containers before what they contain. */
function tableOf(mapping: Mapping): [string, ToObservation][] {
  const index = indexPrefixes(mapping.dump)
  const notes = notePrefixes(mapping, index)
  const prefix = toPrefix(mapping, index, notes)
  const address = toAddress(mapping, index)
  return [
    ['tenancy.tenant', toTenant],
    ['dcim.region', toRegion],
    ['dcim.site', toSite],
    ['dcim.location', toLocation],
    ['dcim.rack', toRack],
    ['dcim.powerfeed', toPowerFeed],
    ['circuits.providernetwork', toProviderNetwork],
    ['circuits.circuit', toCircuit],
    ['virtualization.cluster', toCluster],
    ['dcim.device', toDevice],
    ['dcim.modulebay', toBay],
    ['dcim.module', toModule],
    ['dcim.devicebay', toBay],
    ['dcim.inventoryitem', toInventoryItem],
    ['dcim.consoleport', toPort],
    ['dcim.consoleserverport', toPort],
    ['dcim.powerport', toPort],
    ['dcim.poweroutlet', toPort],
    ['dcim.rearport', toPort],
    ['dcim.frontport', toPort],
    ['ipam.vrf', toVrf],
    ['ipam.vlan', toVlan],
    ['ipam.prefix', (_, row) => prefix(row)],
    ['dcim.interface', toInterface],
    ['virtualization.virtualmachine', toVirtualMachine],
    ['virtualization.vminterface', toVmInterface],
    ['ipam.ipaddress', (_, row) => address(row)],
  ]
}
