/** What is asked for: the same ids and words, in the same order, of every contender. */
import type { Db } from '../../src/db.ts'
import { mutableFlavor } from './mutable.ts'

export interface Samples {
  servers: number[]
  flavors: string[]
  regions: number[]
  /** Leaves only: those that take down no other switch. */
  switches: number[]
  environments: string[]
  /** Machines that the mutation changes. */
  mutable: number[]
}

const mostIds = 50

export async function readSamples(db: Db): Promise<Samples> {
  const ids = async (sql: string): Promise<number[]> => {
    const { rows } = await db.raw<{ rows: { id: string }[] }>(
      `select id from (${sql}) as t order by md5(id::text) limit ${mostIds}`,
    )
    return rows.map(({ id }) => Number(id))
  }
  return {
    servers: await ids(`select id from resource where kind = 'Server'`),
    flavors: Array.from({ length: 8 }, (_, n) => `m1.${n}`),
    regions: await ids(`select id from resource where kind = 'Region'`),
    switches: await ids(`select id from resource where kind = 'Switch' and fields ->> 'role' = 'leaf'`),
    environments: ['prod', 'stage', 'dev'],
    mutable: await ids(
      `select id from resource where kind = 'VirtualMachine' and fields ->> 'flavor' = '${mutableFlavor}'`,
    ),
  }
}
