import { readFile } from 'node:fs/promises'
import { parse } from 'yaml'
import { tryCases } from '../alert/index.ts'
import { print, Refusal, type Command } from './command.ts'

export const rule: Command = {
  usage: `rule test FILE...
  Tries rules on made-up samples: each case says which alerts are to come at which time (docs/alerting.md). Exit code 1 when one differs.`,
  async run([verb, ...files]) {
    if (verb !== 'test' || files.length === 0) throw new Refusal('Write: plenum rule test FILE')
    let failed = 0
    for (const file of files) {
      const outcomes = tryCases(parseFile(file, await readText(file)))
      for (const { name, expected, found } of outcomes) {
        const isAsExpected = expected.join() === found.join()
        if (!isAsExpected) failed++
        await print(
          isAsExpected
            ? `ok      ${name}\n`
            : `differs ${name}\n  expected: ${expected.join(', ') || 'nothing'}\n  found:    ${found.join(', ') || 'nothing'}\n`,
        )
      }
      await print(`${file}: ${outcomes.length} cases, ${failed} differ\n`)
    }
    return failed === 0 ? 0 : 1
  },
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    throw new Refusal(`${file} cannot be read: ${(error as Error).message}`)
  }
}

function parseFile(file: string, text: string): unknown {
  try {
    return parse(text) as unknown
  } catch (error) {
    throw new Refusal(`${file}: ${(error as Error).message}`)
  }
}
