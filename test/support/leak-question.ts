/** What a tenant asks of a world: everything that may tell of what is not its own. */

export const brief = '{ id name owner kind }'
const allocation = `{ id name tenant ${brief} createdBy resources ${brief} claims { pool unit provider ${brief} } }`
const change = `{ name kind resourceId actor changes { path before after } resource ${brief} }`
export const whole = `{ totalCount nodes { id name owner labels { key value } tenant ${brief} site ${brief} links { totalCount nodes { from ${brief} to ${brief} } } } }`

export interface Asked {
  /** Of all things, and of some. */
  refs: readonly string[]
  some: readonly string[]
  tenant: string
  tenants: readonly string[]
  /** Numbers of allocations. */
  given: readonly string[]
  /** Instants: of the beginning, and two later ones. */
  began: string
  from: string
  to: string
}

export const questionsOfAll = ({ refs, some, tenant, tenants, given, began, from, to }: Asked): string[] => [
  ...refs.map(
    (ref) =>
      `{ resource(ref: "${ref}") { ...on Resource ${brief} history(first: 100) { totalCount nodes ${change} } } }`,
  ),
  ...refs.map(
    (ref) =>
      `{ events(resource: "${ref}", first: 100) { nodes { type resourceId actor detail resource ${brief} changes { path before after } } } }`,
  ),
  `{ logs(filter: {}, range: { last: "PT1H" }, first: 500) { nodes { text resource ${brief} interface ${brief} } stores { name failure } } }`,
  ...refs.map(
    (ref) =>
      `{ resource(ref: "${ref}") { ...on Resource { logs(range: { last: "PT1H" }, contains: "line") { nodes { text resource ${brief} } } } } }`,
  ),
  `{ usage(range: { last: "PT1H" }, by: [TENANT, KIND]) { tenant ${brief} tenantName kind } }`,
  ...['SITE', 'RACK', 'TENANT', 'POOL'].map(
    (key) => `{ capacity(by: [${key}]) { group { key value resource ${brief} } class } }`,
  ),
  ...some.map(
    (root) => `{ diff(from: "${began}", root: "${root}", first: 200) { totalCount nodes ${change} } }`,
  ),
  `{ diff(from: "${began}", first: 500) { totalCount nodes ${change} } }`,
  `{ diff(from: "${from}", to: "${to}", first: 500) { totalCount nodes ${change} } }`,
  `{ events(first: 500) { nodes { type resourceId actor detail resource ${brief} link { from ${brief} to ${brief} } changes { path before after } } } }`,
  `{ events(first: 500, type: ["ResourceUpdated", "LinkRemoved", "TokenCreated"]) { nodes { type resourceId detail changes { path before after } } } }`,
  `{ alerts(first: 100) { totalCount nodes { summary resource ${brief} labels { key value } } } }`,
  `{ servers { nodes { name health alerts(state: [FIRING, PENDING, RESOLVED]) { totalCount nodes { summary } } } } }`,
  `{ incidents(first: 50) { totalCount nodes { summary acknowledgedBy cause ${brief} alerts(first: 50) { totalCount nodes { summary resource ${brief} } } impact(first: 50) { totalCount nodes ${brief} } changesBefore(first: 50) { totalCount nodes ${change} } } } }`,
  `{ rules { name } silences { id } sources { name } metrics { name } pools { name traits providers capacity { class used free } } blueprints { name } unmatchedAlerts { name } }`,
  `{ allocations(first: 100) { totalCount nodes ${allocation} } operations(first: 100) { totalCount nodes { id startedBy steps { name } allocation ${allocation} } } }`,
  ...given.map(
    (id) =>
      `{ node(id: "allocation.${id}") { id ...on Allocation ${allocation} } operation(id: "operation.${id}") { id steps { name } allocation ${allocation} } }`,
  ),
  ...tenants.flatMap((one) => [
    `{ allocations(filter: { tenant: ["past:${one}"] }) { totalCount nodes ${allocation} } }`,
    `{ operations(filter: { tenant: ["past:${one}"] }) { totalCount nodes { id steps { name } } } }`,
    `{ quotas(tenant: "past:${one}") { class limit used } }`,
    `{ usage(tenant: "past:${one}", range: { last: "PT1H" }, by: [TENANT, KIND]) { tenant ${brief} tenantName kind hours } }`,
    `{ plan(request: { tenant: "past:${one}", name: "asked", blueprint: "rack-space", parameters: { units: 3 } }) { feasible short { class } placements { units name provider ${brief} } rejected { reason count resources ${brief} } } }`,
    `{ plan(request: { tenant: "past:${tenant}", name: "asked", blueprint: "rack-space", count: 100, parameters: { units: 50 } }) { feasible short { class asked free missing } placements { units name provider ${brief} } rejected { reason count resources ${brief} } } }`,
  ]),
]
