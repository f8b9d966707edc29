/**
 * Whether the memory of a process stays what it is, however many requests of however many documents it answers.
 *   npm run bench -- memory [--json FILE] [--requests 50000] [--documents 10000]
 * The heap is read after a full collection, eight times; the first half is for filling caches that are bounded.
 */
import { parseArgs } from 'node:util'
import { tellFigures } from './figure.ts'
import type { Connection } from './peers/client.ts'
import { toRequest } from './peers/client.ts'
import { adminToken, startContender, type Contender, type Memory } from './peers/contender.ts'
import { readSamples } from './peers/sample.ts'
import { fill, withPostgres } from './peers/site.ts'

const { values } = parseArgs({
  options: {
    json: { type: 'string' },
    requests: { type: 'string', default: '50000' },
    documents: { type: 'string', default: '10000' },
  },
})
const total = Number(values.requests)
const atOnce = 8
const looks = 8

const fields = [
  'name',
  'status',
  'serialNumber',
  'powerState',
  'assetTag',
  'model',
  'manufacturer',
  'kind',
  'createdAt',
  'revision',
]

/** Different in names, selected fields, depth and literals, as documents of programs are that write values into their text. */
function documentOf(n: number, server: number): string {
  const chosen = fields.filter((_, bit) => (n >> bit) & 1)
  const machines =
    n % 3 === 0 ? ` virtualMachines(first: ${1 + (n % 20)}) { nodes { name tenant { name } } }` : ''
  return `query Document${n} { one: node(id: "${server}") { id ... on Server { a${n}: name ${chosen.join(' ')} rack { name }${machines} } } }`
}

async function askAll(plenum: Contender, requests: Buffer[], from: number, count: number): Promise<void> {
  let next = from
  const askOn = async (connection: Connection): Promise<void> => {
    while (next < from + count) {
      const { status, body } = await connection.ask(requests[next++ % requests.length]!)
      if (status !== 200 || body.includes('"errors"')) throw new Error(body.toString().slice(0, 500))
    }
  }
  const connections = await Promise.all(Array.from({ length: atOnce }, () => plenum.connect()))
  await Promise.all(connections.map(askOn))
  for (const connection of connections) connection.close()
}

await withPostgres(async (postgres) => {
  const filled = await fill(postgres)
  const samples = await readSamples(filled.db)
  const plenum = await startContender({ name: 'plenum', folder: '', samples, ...filled })
  const seen: Memory[] = []
  try {
    const requests = Array.from({ length: Number(values.documents) }, (_, n) => {
      const query = documentOf(n, samples.servers[n % samples.servers.length]!)
      return toRequest(plenum.port, '/graphql', { query }, { authorization: `Bearer ${adminToken}` })
    })
    const step = Math.ceil(total / looks)
    for (let look = 0; look < looks; look++) {
      await askAll(plenum, requests, look * step, step)
      seen.push(await plenum.memory())
      console.log(`${(look + 1) * step} requests: ${JSON.stringify(seen.at(-1))}`)
    }
  } finally {
    await plenum.close()
    await filled.db.destroy()
  }
  const half = seen.slice(looks / 2)
  const heaps = half.map(({ heapBytes }) => heapBytes)
  const figures = {
    requests: total,
    documents: Number(values.documents),
    heapBytesFirst: seen[0]!.heapBytes,
    heapBytesLast: seen.at(-1)!.heapBytes,
    rssBytesLast: seen.at(-1)!.rssBytes,
    heapGrowthBytesSecondHalf: heaps.at(-1)! - heaps[0]!,
    heapGrowthBytesPerRequest: (heaps.at(-1)! - heaps[0]!) / ((total / looks) * (looks / 2 - 1)),
  }
  await tellFigures('memory', figures, values.json)
})
