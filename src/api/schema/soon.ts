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
