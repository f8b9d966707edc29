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
    const { rows } = await db.raw<{ rows: { id: number }[] }>(
      `select id from (${sql}) as t order by md5(id::text) limit ${mostIds}`,
    )
    return rows.map(({ id }) => id)
  }
  return {
    servers: await ids('select id from dc.server'),
    flavors: Array.from({ length: 8 }, (_, n) => `m1.${n}`),
    regions: await ids('select id from dc.region'),
    switches: await ids("select id from dc.switch where role = 'leaf'"),
    environments: ['prod', 'stage', 'dev'],
    mutable: await ids(`select id from dc.virtual_machine where flavor = '${mutableFlavor}'`),
  }
}
