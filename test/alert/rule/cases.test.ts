/** The cases of cases.yaml, one by one; rules that cannot be, and what they are refused with. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { tryCases } from '../../../src/alert/rule/cases.ts'
import { parseRule } from '../../../src/alert/rule/parse.ts'
import { fillTemplate } from '../../../src/alert/rule/template.ts'
import { shippedRules } from '../../../src/alert/rule/shipped.ts'

const outcomes = tryCases(parse(readFileSync(join(import.meta.dirname, 'cases.yaml'), 'utf8')))

test('there are at least forty', () => expect(outcomes.length).toBeGreaterThanOrEqual(40))
test.each(outcomes.map((one) => [one.name, one] as const))('%s', (_, { expected, found }) => {
  expect(found).toEqual(expected)
})

const good = {
  name: 'R',
  metric: 'm',
  condition: { type: 'threshold', above: 1 },
  severity: 'warning',
  summary: 's',
}

describe('what is no rule is refused with its place', () => {
  test.each([
    [{ name: '' }, 'name', 'letters'],
    [{ metric: 'a b' }, 'metric', 'name of a metric'],
    [{ condition: { type: 'threshold' } }, 'condition', 'exactly one'],
    [{ condition: { type: 'threshold', above: 1, below: 0 } }, 'condition', 'exactly one'],
    [{ condition: { type: 'threshold', above: 1, clear: 2 } }, 'condition', 'good side'],
    [{ condition: { type: 'threshold', above: NaN } }, 'condition.above', 'number'],
    [{ condition: { type: 'threshold', above: Infinity } }, 'condition.above', 'number'],
    [{ condition: { type: 'rate', above: 1, over: '2h' } }, 'condition.over', '3600000'],
    [{ condition: { type: 'guess' } }, 'condition.type', ''],
    [{ for: 'soon' }, 'for', 'a time'],
    [{ severity: 'bad' }, 'severity', ''],
    [{ selector: { kind: ['Toaster'] } }, 'selector.kind', 'not a kind'],
    [{ selector: { kinds: ['Rack'] } }, 'selector', 'kinds'],
    [{ summary: '{{resource.nam}}' }, 'summary', 'there is no resource.nam'],
    [{ summary: '{{resource.name' }, 'summary', 'not closed'],
    [{ summary: '{{value|furlongs}}' }, 'summary', 'percent'],
    [{ runbookUrl: 'javascript:alert(1)' }, 'runbookUrl', ''],
    [{ colour: 'red' }, '', 'colour'],
  ])('%j', (part, path, message) => {
    const { faults } = parseRule({ ...good, ...part }, 'API')
    expect(faults[0]?.path).toBe(path)
    expect(faults[0]?.message).toContain(message)
  })
})

test('the shipped rules can be tried, and have names of their own', () => {
  expect(new Set(shippedRules.map(({ name }) => name)).size).toBe(shippedRules.length)
})

test('a summary never fails', () => {
  const values = {
    rule: 'R',
    metric: 'm',
    severity: 'INFO',
    value: 0.12345,
    resource: { kind: 'Server', name: 's{{value}}' },
    site: null,
    tenant: null,
    labels: { env: 'prod' },
  }
  expect(
    fillTemplate('{{resource.name}} {{label.env}} {{label.none}} {{value|percent}} {{site}}', values),
  ).toBe('s{{value}} prod ? 12.35 % ?')
  expect(fillTemplate('{{value|bytes}} {{value|duration}}', { ...values, value: 5_000_000 })).toBe(
    '4.768 MiB 57.87 d',
  )
  expect(fillTemplate('{{value}}', { ...values, value: NaN })).toBe('NaN')
})
