/** Normalising caches keep the past beside the present: an id with `asOf` is another one, so nothing is mixed. */
import { ApolloClient, HttpLink, InMemoryCache, gql } from '@apollo/client/core'
import {
  Environment,
  Network,
  RecordSource,
  Store,
  createOperationDescriptor,
  fetchQuery,
  type ConcreteRequest,
  type GraphQLResponse,
} from 'relay-runtime'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startTestApp, type TestApp } from '../support/app.ts'

let app: TestApp
let past: string
beforeAll(async () => {
  app = await startTestApp()
  const rack = (name: string) => ({ kind: 'Rack', name })
  const server = (owner: string, of: string) => ({
    kind: 'Server',
    name: 'web-1',
    owner,
    links: [{ type: 'LOCATED_IN', to: `Rack:name=${of}` }],
  })
  await put(rack('r1'), rack('r2'), server('kim', 'r1'))
  const { data } = await app.query<any>('{ resource(ref: "Server:name=web-1") { updatedAt } }')
  past = data.resource.updatedAt
  await put(server('lee', 'r2'))
})
afterAll(() => app.close())

async function put(...items: object[]): Promise<void> {
  const { errors } = await app.query(
    'mutation ($input: ImportInput!) { importInventory(input: $input) { cursor } }',
    {
      input: { items },
    },
  )
  expect(errors).toBeUndefined()
}

const fields = `__typename id currentId owner ... on Server { rack { __typename id name } }`
const text = `query Page($ref: Ref!, $asOf: DateTime) { resource(ref: $ref, asOf: $asOf) { ${fields} } }`
const ref = 'Server:name=web-1'

test('in Apollo Client', async () => {
  const client = new ApolloClient({
    cache: new InMemoryCache({ possibleTypes: { Resource: ['Server', 'Rack'] } }),
    link: new HttpLink({ uri: `${app.url}/graphql`, headers: { authorization: `Bearer ${app.token}` } }),
  })
  const query = gql(text)
  const ask = (variables: object) => client.query<any>({ query, variables: { ref, ...variables } })
  await ask({})
  await ask({ asOf: past })
  const read = (variables: object) =>
    client.readQuery<any>({ query, variables: { ref, ...variables } })?.resource
  expect(read({})).toMatchObject({ owner: 'lee', rack: { name: 'r2' } })
  expect(read({ asOf: past })).toMatchObject({ owner: 'kim', rack: { name: 'r1' } })
  expect(read({}).currentId).toBe(read({ asOf: past }).currentId)
  expect(read({}).id).not.toBe(read({ asOf: past }).id)
  // A version id is found again by node, so a cache can refetch what it has.
  const node = gql(`query Node($id: ID!) { node(id: $id) { ... on Server { ${fields} } } }`)
  const again = await client.query<any>({ query: node, variables: { id: read({ asOf: past }).id } })
  expect(again.data.node).toMatchObject({ owner: 'kim', rack: { name: 'r1' } })
  client.stop()
})

test('in a Relay store', async () => {
  const environment = new Environment({
    store: new Store(new RecordSource()),
    network: Network.create(async ({ text: query }, variables) => {
      return (await app.query(query!, variables)) as GraphQLResponse
    }),
  })
  const ask = (variables: object) =>
    fetchQuery(environment, request, { ref, asOf: null, ...variables }).toPromise()
  await ask({})
  await ask({ asOf: past })
  const read = (variables: object): any => {
    const operation = createOperationDescriptor(request, { ref, asOf: null, ...variables })
    return (environment.lookup(operation.fragment).data as any).resource
  }
  expect(read({})).toMatchObject({ owner: 'lee', rack: { name: 'r2' } })
  expect(read({ asOf: past })).toMatchObject({ owner: 'kim', rack: { name: 'r1' } })
  expect(read({}).currentId).toBe(read({ asOf: past }).currentId)
})

/** What Relay's compiler makes of the query above. */
const request = ((): ConcreteRequest => {
  const scalar = (name: string) => ({ kind: 'ScalarField', alias: null, args: null, name, storageKey: null })
  const linked = (name: string, args: object[] | null, selections: object[]) => ({
    kind: 'LinkedField',
    alias: null,
    args,
    concreteType: null,
    name,
    plural: false,
    storageKey: null,
    selections,
  })
  const variable = (name: string) => ({ kind: 'Variable', name, variableName: name })
  const selections = [
    linked(
      'resource',
      [variable('asOf'), variable('ref')],
      [
        ...['__typename', 'id', 'currentId', 'owner'].map(scalar),
        {
          kind: 'InlineFragment',
          type: 'Server',
          abstractKey: null,
          selections: [linked('rack', null, ['__typename', 'id', 'name'].map(scalar))],
        },
      ],
    ),
  ]
  const argumentDefinitions = ['ref', 'asOf'].map((name) => ({
    kind: 'LocalArgument',
    name,
    defaultValue: null,
  }))
  return {
    kind: 'Request',
    fragment: {
      kind: 'Fragment',
      name: 'Page',
      type: 'Query',
      metadata: null,
      argumentDefinitions,
      selections,
    },
    operation: { kind: 'Operation', name: 'Page', argumentDefinitions, selections },
    params: { id: null, cacheID: 'page', metadata: {}, name: 'Page', operationKind: 'query', text },
  } as unknown as ConcreteRequest
})()
