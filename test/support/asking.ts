/** Asks a running Plenum over HTTP. */

export interface Answer<T> {
  data?: T
  errors?: { message: string; path?: (string | number)[]; extensions: Record<string, unknown> }[]
  extensions?: Record<string, unknown>
}

export type Ask = <T = Record<string, unknown>>(
  document: string,
  variables?: Record<string, unknown>,
  headers?: Record<string, string>,
) => Promise<Answer<T>>

export const asking =
  (url: string, token: string): Ask =>
  async (query, variables, headers = {}) => {
    const response = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}`, ...headers },
      body: JSON.stringify({ query, variables }),
    })
    return (await response.json()) as never
  }
