/**
 * Plain resolvers: those that answer at once from their source and the context alone. They never give a promise, have no arguments and read nothing of
 * how they were asked, so that whoever runs them may spare itself all three.
 */
const marked = new WeakSet<object>()

/** Says of a resolver that it is plain. */
export function plain<T extends object>(resolver: T): T {
  marked.add(resolver)
  return resolver
}

export const isPlain = (resolver: object): boolean => marked.has(resolver)

/** Fields of every resource whose resolvers are plain. */
export const plainFields: ReadonlySet<string> = new Set([
  'id',
  'currentId',
  'asOf',
  'kind',
  'name',
  'access',
  'status',
  'health',
  'labels',
  'owner',
  'contact',
  'generation',
  'revision',
  'createdAt',
  'updatedAt',
  'tenant',
  'site',
])
