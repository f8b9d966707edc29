/** What became of a dump, model by model, so that nothing is left out silently. */
import { type Dump } from './dump.ts'

export interface NetboxReport {
  /** Rows that became a resource each. */
  mapped: { model: string; kind: string; count: number }[]
  /** Rows whose facts went into other resources or their links. */
  folded: { model: string; into: string; count: number }[]
  /** Rows that are not in Plenum, and why. */
  unmapped: { model: string; reason: string; count: number }[]
}

/** Where the facts of models go that have no resource of their own. */
const folds: Readonly<Record<string, string>> = {
  'circuits.circuittermination': 'attributes of circuits, and the ways of CONNECTED_TO links',
  'circuits.circuittype': 'attributes of circuits',
  'circuits.provider': 'attributes of circuits and provider networks',
  'circuits.provideraccount': 'attributes of circuits',
  'contenttypes.contenttype': 'names of models',
  'dcim.cable': 'CONNECTED_TO and POWERED_BY links',
  'dcim.cabletermination': 'CONNECTED_TO and POWERED_BY links',
  'dcim.devicerole': 'kind and role',
  'dcim.devicetype': 'manufacturer, model, heightUnits',
  'dcim.inventoryitemrole': 'role of components',
  'dcim.manufacturer': 'manufacturer',
  'dcim.moduletype': 'manufacturer and model of modules',
  'dcim.platform': 'osName',
  'dcim.powerpanel': 'panel of power feeds',
  'dcim.rackreservation': 'attributes of racks',
  'dcim.rackrole': 'attributes of racks',
  'dcim.sitegroup': 'attributes of sites',
  'dcim.virtualchassis': 'MEMBER_OF links to the master, and attributes',
  'dcim.virtualdevicecontext': 'attributes of interfaces',
  'extras.tag': 'labels',
  'extras.taggeditem': 'labels',
  'ipam.aggregate': 'attributes of the topmost prefixes within',
  'ipam.asn': 'attributes of sites',
  'ipam.iprange': 'attributes of the prefix around it',
  'ipam.rir': 'attributes of prefixes',
  'ipam.role': 'role of prefixes and VLANs',
  'ipam.routetarget': 'attributes of VRFs',
  'ipam.vlangroup': 'group of VLANs',
  'tenancy.contact': 'contact, owner and attributes',
  'tenancy.contactassignment': 'contact, owner and attributes',
  'tenancy.contactgroup': 'attributes',
  'tenancy.contactrole': 'contact, owner and attributes',
  'tenancy.tenantgroup': 'group of tenants',
  'virtualization.clustergroup': 'attributes of clusters',
  'virtualization.clustertype': 'type of clusters',
  'wireless.wirelesslan': 'attributes of interfaces',
  'wireless.wirelesslink': 'CONNECTED_TO links',
}

const reasons: Readonly<Record<string, string>> = {
  'dcim.cablepath': 'NetBox computes it from the cables, and so does Plenum',
  'extras.customfield': 'a definition: its values are attributes',
  'extras.customfieldchoiceset': 'a definition: its values are attributes',
  'dcim.cable': 'its ends lead nowhere',
  'dcim.cabletermination': 'its cable leads nowhere',
  'extras.taggeditem': 'what it is on is not in the dump',
  'ipam.aggregate': 'no prefix of the dump lies in it',
  'ipam.iprange': 'no prefix of the dump lies around it',
  'circuits.circuittermination': 'its circuit is not in the dump',
}

function reasonOf(model: string): string {
  if (reasons[model]) return reasons[model]
  if (model.endsWith('template')) return 'a template of a device type: what was made from it is imported'
  return model in folds ? 'nothing that is imported refers to it' : 'Plenum has no place for this model'
}

/** `kinds`: how many resources of which kind each model gave. */
export function toReport(dump: Dump, kinds: ReadonlyMap<string, ReadonlyMap<string, number>>): NetboxReport {
  const report: NetboxReport = { mapped: [], folded: [], unmapped: [] }
  for (const model of dump.models) {
    const given = kinds.get(model)
    if (given) {
      for (const [kind, count] of given) report.mapped.push({ model, kind, count })
      continue
    }
    const rows = dump.rows(model)
    const into = folds[model]
    const used = into === undefined ? 0 : rows.filter((row) => dump.isUsed(row)).length
    if (into !== undefined && used > 0) report.folded.push({ model, into, count: used })
    if (rows.length > used)
      report.unmapped.push({ model, reason: reasonOf(model), count: rows.length - used })
  }
  return report
}

/** The report as text for a terminal. */
export function formatReport(report: NetboxReport): string {
  const line = (count: number, model: string, rest: string) =>
    `${String(count).padStart(7)}  ${model.padEnd(32)} ${rest}`
  return [
    'Resources:',
    ...report.mapped.map(({ model, kind, count }) => line(count, model, kind)),
    'Facts of other resources:',
    ...report.folded.map(({ model, into, count }) => line(count, model, into)),
    'Not imported:',
    ...report.unmapped.map(({ model, reason, count }) => line(count, model, reason)),
    '',
  ].join('\n')
}
