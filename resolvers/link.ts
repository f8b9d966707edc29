import type { GraphQLResolveInfo } from 'graphql'
import { getForWrite, writeOnce, type LinkType } from '../src/api/schema/read.ts'
import type { Context } from '../src/context.ts'

interface DeleteLinkInput {
  idempotencyKey?: string | null
  dryRun?: boolean | null
  type: LinkType
  from: string
  to: string
}

async function deleteLink(
  _: unknown,
  { input }: { input: DeleteLinkInput },
  context: Context,
  info: GraphQLResolveInfo,
) {
  return writeOnce(context, input, info.fieldName, async (by) => {
    const from = await getForWrite(context, input.from, { path: 'input.from' })
    const to = await getForWrite(context, input.to, { path: 'input.to' })
    const request = { type: input.type, from: from.id, to: to.id, dryRun: input.dryRun === true }
    return context.resources.deleteLink(request, by)
  })
}

export const link = { Mutation: { deleteLink } }
