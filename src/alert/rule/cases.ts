/** Files of `plenum rule test`: rules, and cases that they are tried on. */
import { z } from 'zod'
import { invalidInput } from '../../errors.ts'
import { parseRule } from './parse.ts'
import type { Rule } from './rule.ts'
import { shippedRules } from './shipped.ts'
import { canonicalChange, caseSchema, simulate } from './simulate.ts'

const fileSchema = z.strictObject({
  rules: z.array(z.unknown()).default([]),
  cases: z.array(caseSchema).min(1),
})

export interface Outcome {
  name: string
  expected: string[]
  found: string[]
}

/** INVALID_INPUT with the first fault of the file. */
export function tryCases(value: unknown): Outcome[] {
  const parsed = fileSchema.safeParse(value)
  if (!parsed.success) {
    const { path, message } = parsed.error.issues[0]!
    throw invalidInput(`${path.join('.') || 'the whole'}: ${message}`)
  }
  const own = parsed.data.rules.map((one, index) => getRule(one, `rules.${index}`))
  const known = new Map([...shippedRules, ...own].map((rule) => [rule.name, rule]))
  return parsed.data.cases.map((one, index) => {
    const rule = typeof one.rule === 'string' ? known.get(one.rule) : getRule(one.rule, `cases.${index}.rule`)
    if (rule === undefined) throw invalidInput(`cases.${index}.rule: there is no rule ${String(one.rule)}`)
    try {
      return { name: one.name, expected: one.expect.map(canonicalChange), found: simulate(rule, one) }
    } catch (error) {
      throw invalidInput(`cases.${index}: ${(error as Error).message}`)
    }
  })
}

function getRule(value: unknown, path: string): Rule {
  const { rule, faults } = parseRule(value, 'CONFIG')
  if (rule !== undefined) return rule
  throw invalidInput(`${path}.${faults[0]!.path}: ${faults[0]!.message}`)
}
