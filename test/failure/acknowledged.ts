/** A writer whose answers are kept: what was acknowledged must be there at the end, whatever failed in between. */
import { randomBytes } from 'node:crypto'

export interface Acknowledged {
  names: string[]
  /** Tries once; whether it was acknowledged. */
  write(padding?: string): Promise<boolean>
  /** Until it is acknowledged. */
  writeAtLast(): Promise<void>
  /** Names that were acknowledged and are not there. */
  missing(): Promise<string[]>
}

export function createWriter(url: string, token: string, headers: Record<string, string> = {}): Acknowledged {
  const names: string[] = []
  const ask = async (query: string, variables: object = {}): Promise<any> => {
    const response = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}`, ...headers },
      body: JSON.stringify({ query, variables }),
    })
    return response.json()
  }
  const write = async (padding = ''): Promise<boolean> => {
    const name = `written-${randomBytes(6).toString('hex')}`
    const input = {
      idempotencyKey: name,
      items: [{ kind: 'Image', name, attributes: { padding: padding && `${padding}${name}` } }],
    }
    const { errors, data } = await ask(
      'mutation ($input: ImportInput!) { importInventory(input: $input) { cursor } }',
      { input },
    ).catch(() => ({ errors: ['no answer'] }))
    if (errors !== undefined || data?.importInventory == null) return false
    names.push(name)
    return true
  }
  return {
    names,
    write,
    async writeAtLast() {
      while (!(await write())) await new Promise(setImmediate)
    },
    async missing() {
      const there = new Set<string>()
      let after: string | null = null
      do {
        const { data }: any = await ask(
          'query ($after: PageCursor) { images(first: 500, after: $after) { nodes { name } pageInfo { hasNextPage endCursor } } }',
          { after },
        )
        for (const { name } of data.images.nodes) there.add(name)
        after = data.images.pageInfo.hasNextPage ? data.images.pageInfo.endCursor : null
      } while (after !== null)
      return names.filter((name) => !there.has(name))
    },
  }
}
