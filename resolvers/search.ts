import type { GraphQLResolveInfo } from 'graphql'
import {
  connectList,
  findByText,
  noteTruncated,
  see,
  visibleTo,
  type KindName,
  type SearchHit,
} from '../src/api/schema/read.ts'
import type { Context } from '../src/context.ts'
import { invalidInput } from '../src/errors.ts'

interface SearchArguments {
  text: string
  kind?: KindName[] | null
  first?: number | null
}

const longestText = 200

async function search(
  _: unknown,
  { text, kind, first }: SearchArguments,
  context: Context,
  info: GraphQLResolveInfo,
) {
  if (text.trim() === '') throw invalidInput('Say what to search for', 'text')
  if (text.length > longestText) throw invalidInput(`text has at most ${longestText} characters`, 'text')
  const { graph } = context
  const { hits, isCut } = await findByText(graph, text, {
    ...(kind ? { kind } : {}),
    ...visibleTo(context),
    signal: context.signal,
  })
  if (isCut) noteTruncated(context, info)
  return connectList<SearchHit>(
    context,
    info,
    { first },
    {
      owner: [text, kind ?? null],
      items: hits,
      keys: ({ score, vertex }) => [-score, vertex.name, vertex.id],
      node: ({ vertex }) => see(context, graph, vertex),
      edge: ({ score, field, value }) => ({ score, field, value }),
    },
  )
}

export const searching = { Query: { search } }
