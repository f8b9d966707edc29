import { expect, it } from 'vitest'
import { parseKindRules } from '../../../src/source/netbox/index.ts'
import { parseConfig } from '../../../src/config.ts'

it.each<[unknown, RegExp]>([
  [{ kind: 'Switch' }, /^Kind rules are a list$/],
  [[7], /^A kind rule is a map$/],
  [[{ kind: 'Router' }], /^kind is one of Switch, Server, Device, Pdu$/],
  [[{ role: 'x' }], /^kind is one of/],
  [[{ kind: 'Switch', rolle: 'x' }], /^A kind rule has no rolle$/],
  [[{ kind: 'Switch', role: '(' }], /Unterminated group/],
  [[{ kind: 'Switch', has: 'wheels' }], /^has is outlets or interfaces$/],
])('rules %j are refused', (rules, message) => {
  expect(() => parseKindRules(rules)).toThrow(message)
})

it('stand in the config', () => {
  const text = "netbox:\n  kindRules:\n    - { kind: Switch, role: '^router$', as: edge }\n"
  expect(parseConfig(text, 'test').netbox.kindRules).toEqual([
    { kind: 'Switch', role: '^router$', as: 'edge' },
  ])
  expect(() => parseConfig('netbox: { kindRules: [{ kind: Nothing }] }', 'test')).toThrow(/kind is one of/)
  expect(parseConfig('', 'test').netbox.kindRules).toEqual([])
})
