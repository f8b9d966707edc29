import type { App } from '../app.ts'

/** Longest time from the wish to stop until this process stops waiting for what still runs. */
const drainMs = 8_000

export async function closeInTime(app: Pick<App, 'close'>): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<'late'>()
  const timer = setTimeout(() => resolve('late'), drainMs)
  const ended = await Promise.race([app.close(), promise])
  clearTimeout(timer)
  if (ended === 'late') process.stderr.write('Not everything ended in time; the rest is cut off.\n')
}
