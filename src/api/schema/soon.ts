/** Work that is synchronous most of the time: promises only where something has to be awaited, so that whole answers are read in one go. */
export type Soon<T> = T | Promise<T>

const isPromise = <T>(value: Soon<T>): value is Promise<T> => value instanceof Promise

/** Not called `then`: a module that exports that name is taken for a promise. */
export function andThen<T, U>(value: Soon<T>, next: (value: T) => Soon<U>): Soon<U> {
  return isPromise(value) ? value.then(next) : next(value)
}

export function all<T>(values: readonly Soon<T>[]): Soon<T[]> {
  return values.some(isPromise) ? Promise.all(values) : (values as T[])
}

/** What `make` gives for each. When it throws for one, those that are on their way already are nobody's any more: what they fail with must not end the process. */
export function mapAll<T, U>(items: readonly T[], make: (item: T, index: number) => Soon<U>): Soon<U[]> {
  const made: Soon<U>[] = []
  try {
    for (const [index, item] of items.entries()) made.push(make(item, index))
  } catch (error) {
    for (const one of made) if (isPromise(one)) one.catch(() => undefined)
    throw error
  }
  return all(made)
}
