/** What a selector wants of labels. Regular expressions are RE2's: linear in time, and the same as Prometheus' own. */
import type { SyntaxNode } from '@lezer/common'
import { RE2JS } from 're2js'
import { BadQuery, type Matcher } from './expression.ts'
import { nameLabel } from './labels.ts'
import { parseText } from './text.ts'

export function toMatchers(selector: SyntaxNode, text: string): Matcher[] {
  const of = (node: SyntaxNode) => text.slice(node.from, node.to)
  const found: Matcher[] = []
  const name = selector.getChild('Identifier')
  if (name !== null) found.push(matcher(nameLabel, '=', of(name)))
  const list = selector.getChild('LabelMatchers')
  for (let child = list?.firstChild ?? null; child !== null; child = child.nextSibling) {
    if (child.name === 'QuotedLabelName') {
      found.push(matcher(nameLabel, '=', parseText(of(child))))
      continue
    }
    const [label, operator, value] = [child.firstChild!, child.getChild('MatchOp')!, child.lastChild!]
    const key = label.name === 'QuotedLabelName' ? parseText(of(label)) : of(label)
    found.push(matcher(key, of(operator) as Matcher['operator'], parseText(of(value))))
  }
  if (found.filter(({ label, operator }) => label === nameLabel && operator === '=').length > 1)
    throw new BadQuery(`${selector.from + 1}: metric name must not be set twice`)
  if (found.every(({ test }) => test('')))
    throw new BadQuery(`${selector.from + 1}: vector selector must contain at least one non-empty matcher`)
  return found
}

export function matcher(label: string, operator: Matcher['operator'], value: string): Matcher {
  return { label, operator, value, test: testOf(operator, value) }
}

function testOf(operator: Matcher['operator'], value: string): (given: string) => boolean {
  if (operator === '=') return (given) => given === value
  if (operator === '!=') return (given) => given !== value
  const pattern = compilePattern(value)
  const wanted = operator === '=~'
  return (given) => pattern.matches(given) === wanted
}

/** Anchored at both ends by `matches`. */
export function compilePattern(text: string): RE2JS {
  try {
    return RE2JS.compile(text, RE2JS.DOTALL)
  } catch (cause) {
    throw new BadQuery(`${JSON.stringify(text)} is no regular expression: ${(cause as Error).message}`, {
      cause,
    })
  }
}

export const isMatched = (matchers: readonly Matcher[], labelOf: (label: string) => string): boolean =>
  matchers.every(({ label, test }) => test(labelOf(label)))
