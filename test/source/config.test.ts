/** `sources:` of the configuration: what is common, what is a driver's own, faults with their place. */
import { expect, test } from 'vitest'
import { drivers, parseSources } from '../../src/source/index.ts'

const faultsOf = (sources: unknown) =>
  parseSources(sources, drivers).faults.map(({ path, message }) => `${path.join('.')}: ${message}`)

test('defaults and times', () => {
  const { sources, faults } = parseSources(
    {
      a: { driver: 'check', targets: {}, interval: '90s' },
      b: {
        driver: 'check',
        targets: {},
        interval: '1.5h',
        timeout: 7,
        atOnce: 1,
        perSecond: 0.5,
        precedence: 3,
      },
    },
    drivers,
  )
  expect(faults).toEqual([])
  expect(sources).toMatchObject([
    {
      name: 'a',
      control: false,
      intervalSeconds: 90,
      timeoutSeconds: 600,
      atOnce: 8,
      perSecond: 20,
      precedence: 40,
    },
    { name: 'b', intervalSeconds: 5_400, timeoutSeconds: 7, atOnce: 1, perSecond: 0.5, precedence: 3 },
  ])
})

test('every fault with its place', () => {
  expect(faultsOf([])).toEqual([': names of sources with their settings are needed'])
  expect(
    faultsOf({
      plenum: { driver: 'check', targets: {} },
      a: 7,
      b: { driver: 'nobody' },
      c: {
        driver: 'check',
        interval: 'soon',
        control: 'yes',
        atOnce: 0,
        targets: { x: { url: 'ftp://x' } },
        more: 1,
      },
      d: { driver: 'netbox', url: 'https://netbox', token: 'hunter2' },
    }),
  ).toEqual([
    expect.stringMatching(/^plenum: "plenum" cannot be/),
    'a: a driver and its settings are needed',
    expect.stringMatching(/^b\.driver: there is no driver "nobody": one of .*netbox/),
    'c.control: true or false is needed',
    'c.interval: seconds, or a time such as 30s, 5m or 1h, are needed',
    'c.atOnce: a number above 0 is needed',
    expect.stringMatching(/^c\.targets\.x\.url: /),
    expect.stringMatching(/^c: Unrecognized key: "more"/),
    'd.token: a reference such as env:NETBOX_TOKEN is needed',
  ])
})
