/** The rules that come with Plenum. One of the configuration or the API with the same name takes its place. */
import { parseRule, type RuleInput } from './parse.ts'
import type { Rule } from './rule.ts'

export const shippedInputs: readonly RuleInput[] = [
  {
    name: 'NotAnswering',
    metric: 'up',
    condition: { type: 'threshold', equals: 0 },
    for: '20s',
    severity: 'CRITICAL',
    failure: 'DOWN',
    summary: '{{resource.kind}} {{resource.name}} does not answer',
  },
  {
    name: 'SourceSilent',
    metric: 'source.answering',
    selector: { kind: ['Source'] },
    condition: { type: 'threshold', below: 0.25, clear: 0.5 },
    for: '0s',
    severity: 'CRITICAL',
    failure: 'SILENT',
    summary: 'Of what {{resource.name}} measures {{value|percent}} answers',
  },
  {
    name: 'LinkDown',
    metric: 'hw.network.up',
    selector: {
      kind: ['NetworkInterface'],
      not: { fields: { adminStatus: ['DOWN'] } },
      linked: { type: 'CONNECTED_TO' },
    },
    condition: { type: 'threshold', equals: 0 },
    for: '30s',
    severity: 'WARNING',
    failure: 'LINK',
    summary: 'Port {{resource.name}} has a cable and no carrier',
  },
  {
    name: 'BgpNotEstablished',
    metric: 'bgp.peer.up',
    condition: { type: 'threshold', equals: 0 },
    for: '30s',
    severity: 'WARNING',
    failure: 'SESSION',
    summary: 'The BGP session with {{resource.name}} is not established',
  },
  {
    name: 'Hot',
    metric: 'hw.temperature',
    condition: { type: 'threshold', above: 75, clear: 70 },
    for: '1m',
    severity: 'WARNING',
    failure: 'HOT',
    summary: '{{resource.name}} is at {{value}} °C',
  },
  {
    name: 'DiskFullSoon',
    metric: 'system.filesystem.utilization',
    condition: { type: 'forecast', over: '6h', within: '3d', above: 1, confidence: 0.9 },
    for: '15m',
    severity: 'WARNING',
    summary: '{{resource.name}} will be full within three days',
  },
  {
    name: 'DiskFull',
    metric: 'system.filesystem.utilization',
    condition: { type: 'threshold', above: 0.95, clear: 0.93 },
    for: '1m',
    severity: 'CRITICAL',
    summary: '{{resource.name}} is {{value|percent}} full',
  },
  {
    name: 'QuotaNearlyUsed',
    metric: 'tenant.quota.utilization',
    selector: { kind: ['Tenant'] },
    condition: { type: 'threshold', above: 0.9, clear: 0.85 },
    severity: 'WARNING',
    summary: '{{resource.name}} has used {{value|percent}} of a quota',
  },
  {
    name: 'OperationStuck',
    metric: 'tenant.operations.stuck',
    selector: { kind: ['Tenant'] },
    condition: { type: 'threshold', above: 0 },
    severity: 'CRITICAL',
    summary: '{{value}} operations for {{resource.name}} are STUCK: see what failed, and retryOperation',
  },
  {
    name: 'LeaseEnding',
    metric: 'tenant.leases.ending',
    selector: { kind: ['Tenant'] },
    condition: { type: 'threshold', above: 0 },
    severity: 'INFO',
    summary: '{{value}} leases of {{resource.name}} end soon: extendLease, or they are released',
  },
  {
    name: 'Watchdog',
    metric: 'up',
    selector: { kind: ['Source'], name: 'plenum' },
    condition: { type: 'always' },
    severity: 'INFO',
    summary: 'Always fires: when it is no longer told, Plenum is silent',
  },
]

export const shippedRules: readonly Rule[] = shippedInputs.map((one) => {
  const { rule, faults } = parseRule(one, 'SHIPPED')
  if (rule === undefined) throw new Error(`the shipped rule ${one.name}: ${JSON.stringify(faults)}`)
  return rule
})
