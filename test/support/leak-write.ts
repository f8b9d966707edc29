/** Writes of a tenant that name what may be others': all are refused, or would be if they were no dry runs. */

/** Writes that name a ref; `mine` is the writer's own. */
export const writes = (mine: string | undefined): ((ref: string) => string)[] => [
  (ref) =>
    `mutation { updateResources(input: { dryRun: true, items: [{ ref: "${ref}", changes: { contact: "x" } }] }) { cursor } }`,
  (ref) =>
    `mutation { deleteResources(input: { dryRun: true, cascade: true, items: [{ ref: "${ref}" }] }) { counts { deleted } } }`,
  (ref) =>
    `mutation { setPower(input: { dryRun: true, resource: "${ref}", power: OFF }) { cursor impact { id name } } }`,
  ...['migrate', 'drain'].map(
    (field) => (ref: string) =>
      `mutation { ${field}(input: { dryRun: true, resource: "${ref}" }) { cursor impact { id name } } }`,
  ),
  (ref) =>
    `mutation { resize(input: { dryRun: true, resource: "${ref}", flavor: "small" }) { cursor impact { id name } } }`,
  ...(mine === undefined
    ? []
    : [
        (ref: string) =>
          `mutation { migrate(input: { dryRun: true, resource: "${mine}", to: "${ref}" }) { cursor impact { id name } } }`,
        (ref: string) =>
          `mutation { deleteLink(input: { dryRun: true, type: DEPENDS_ON, from: "${mine}", to: "${ref}" }) { cursor } }`,
        (ref: string) =>
          `mutation { updateResources(input: { dryRun: true, items: [{ ref: "${mine}", changes: { links: [{ type: DEPENDS_ON, to: "${ref}" }] } }] }) { plan { summary } } }`,
      ]),
]

/** Writes that name an allocation or an operation. */
export const writesOfGiven: ((id: string) => string)[] = [
  (id) => `mutation { release(input: { dryRun: true, allocation: "allocation.${id}" }) { cursor } }`,
  (id) => `mutation { extendLease(input: { allocation: "allocation.${id}", lease: "PT1H" }) { cursor } }`,
  ...['approveOperation', 'retryOperation', 'cancelOperation'].map(
    (field) => (id: string) => `mutation { ${field}(input: { id: "operation.${id}" }) { cursor } }`,
  ),
]

/** Writes that name a tenant. */
export const writesOfTenant: ((ref: string) => string)[] = [
  (ref) =>
    `mutation { allocate(input: { dryRun: true, request: { tenant: "${ref}", name: "mine", blueprint: "rack-space" } }) { cursor } }`,
]
