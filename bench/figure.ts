/** How a benchmark tells its figures: a table for people, and with `--json FILE` what other programs read. */
import { writeFile } from 'node:fs/promises'
import { cpus, totalmem, type } from 'node:os'

/** Keys in camelCase with their unit. */
export type Figures = Record<string, number>

export const machine = (): string =>
  `${cpus().length} x ${cpus()[0]?.model.trim() ?? 'unknown'}, ${Math.round(totalmem() / 2 ** 30)} GiB, ${type()}, Node ${process.versions.node}`

export async function tellFigures(name: string, figures: Figures, file: string | undefined): Promise<void> {
  const rounded = Object.fromEntries(
    Object.entries(figures).map(([key, value]) => [key, Number(value.toPrecision(4))]),
  )
  console.table(rounded)
  if (file === undefined) return
  await writeFile(file, `${JSON.stringify({ name, machine: machine(), figures: rounded }, null, 2)}\n`)
}
