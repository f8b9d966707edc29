/** Tells in the answer's `extensions.truncated` which lists were cut by a default size that the caller did not ask for. */
import type { GraphQLResolveInfo } from 'graphql'
import type { Context } from '../../context.ts'

const mostPaths = 100

/** Notes the path of the field that is resolved: `sites.nodes[0].racks`. Beyond 100 paths only their number. */
export function noteTruncated(context: Context, info: GraphQLResolveInfo): void {
  const paths = (context.extensions['truncated'] ??= []) as string[]
  const path = formatPath(info.path)
  if (paths.includes(path)) return
  if (paths.length < mostPaths) paths.push(path)
  else context.extensions['truncatedMore'] = Number(context.extensions['truncatedMore'] ?? 0) + 1
}

function formatPath(path: GraphQLResolveInfo['path']): string {
  const before = path.prev === undefined ? '' : formatPath(path.prev)
  if (typeof path.key === 'number') return `${before}[${path.key}]`
  return before === '' ? path.key : `${before}.${path.key}`
}
