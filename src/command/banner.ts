/** What people see at the start. */
import { getHeapStatistics } from 'node:v8'
import type { App } from '../app.ts'
import type { DatabaseName, Site } from './command.ts'

const queries = [
  '{ servers(first: 3) { nodes { name rack { name site { name } } uplinks { name } virtualMachines { nodes { name tenant { name } services { nodes { name } } } } } } }',
  '{ switches(first: 1) { nodes { name dependents(first: 10) { totalCount edges { depth node { kind name } } } } } }',
  '{ count(groupBy: [KIND]) { count group { value } } }',
]

export function formatBanner(app: App, name: DatabaseName, site: Site): string {
  const heapMiB = Math.round(getHeapStatistics().heap_size_limit / 1_048_576)
  const isSample = name === 'plenum_demo'
  const shown = isSample
    ? 'a sample datacenter (your own: bin/plenum import FILE, then start again)'
    : 'your datacenter'
  const rows = [
    ['Shows', shown],
    ['Console', `${app.url}/graphiql`],
    ['GraphQL', `${app.url}/graphql  (HTTP and WebSocket)`],
    ['Data', site.folder ?? 'the Postgres of DATABASE_URL or of the configuration'],
    ['Heap limit', `${heapMiB} MiB  (another: NODE_OPTIONS=--max-old-space-size=MIB)`],
    ...(site.config.readOnly ? [['Read only', 'every write is refused']] : []),
    ['Token', tellToken(app, site)],
  ] as const
  return [
    '',
    `Plenum answers at ${app.url}`,
    '',
    ...rows.map(([label, text]) => `  ${label!.padEnd(12)}${text!}`),
    '',
    '  Three queries to try:',
    '',
    `    export PLENUM_TOKEN=${secretFor(app, site)}${app.url.endsWith(':4000') ? '' : ` PLENUM_URL=${app.url}`}`,
    ...queries.map((query) => `    bin/plenum query '${query}'`),
    '',
    '',
  ].join('\n')
}

/** What people gave us they know: it need not stand in the log of whatever started us. */
function secretFor({ adminSecret }: App, { config }: Site): string {
  if (adminSecret === undefined) return '…'
  return adminSecret === config.adminToken ? '"$PLENUM_ADMIN_TOKEN"' : adminSecret
}

function tellToken({ adminSecret }: App, { config }: Site): string {
  if (adminSecret === undefined) return `the one of the first start; another: bin/plenum token create NAME`
  if (adminSecret === config.adminToken) return 'the one of PLENUM_ADMIN_TOKEN'
  return `${adminSecret}  (an administrator's; shown only now)`
}
