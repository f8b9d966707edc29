/** PromQL of chance, of what is supported, over the metrics of test/api/prometheus. */
import type { Chance } from './chance.ts'

const gauges = ['hw_power_watts', 'system_cpu_utilization_ratio']
const counters = ['hw_network_io_bytes_total']
const selectors = [
  '',
  '{site="one"}',
  '{name=~"srv-0.*"}',
  '{site!="two",kind="Server"}',
  '{rack=~"r[12]|r9"}',
  '{label_env!~"prod|"}',
  '{nothing=""}',
  '{name="none"}',
]
const windows = ['2m', '5m', '10m', '1h']
const labels = ['site', 'rack', 'kind', 'label_env', 'name']

const selector = (chance: Chance): string => chance.pick([...gauges, ...counters]) + chance.pick(selectors)
const shift = (chance: Chance): string =>
  chance.pick(['', '', '', ' offset 7m', ' offset -3m', ' @ end()', ' @ start()'])

/** Without subqueries within subqueries: their steps may be at the very edge of the outer one's window. */
export function vectorQuery(chance: Chance, depth = 0, withSubqueries = true): string {
  if (depth > 2) return selector(chance)
  const make = chance.pick(withSubqueries ? makes : makes.filter((one) => one !== subquery))
  return make(chance, () => vectorQuery(chance, depth + 1, withSubqueries && make !== subquery))
}

type Make = (chance: Chance, inner: () => string) => string

const plain: Make = (chance) => selector(chance) + shift(chance)
const overTime: Make = (chance) => {
  const range = `${selector(chance)}[${chance.pick(windows)}]${shift(chance)}`
  const name = chance.pick([
    'avg',
    'min',
    'max',
    'sum',
    'count',
    'last',
    'stddev',
    'stdvar',
    'present',
    'quantile',
    'absent',
  ])
  return name === 'quantile'
    ? `quantile_over_time(${chance.pick(['0.5', '0.9', '-1', '2'])}, ${range})`
    : `${name}_over_time(${range})`
}
const ofCounter: Make = (chance) => {
  const name = chance.pick([
    'rate',
    'increase',
    'irate',
    'idelta',
    'delta',
    'deriv',
    'changes',
    'resets',
    'predict',
  ])
  const metric = name.endsWith('delta') || name === 'deriv' ? chance.pick(gauges) : counters[0]
  const range = `${metric}${chance.pick(selectors)}[${chance.pick(windows)}]`
  // Prometheus 2.42 moves the window of predict_linear although @ says where it is.
  return name === 'predict' ? `predict_linear(${range}, 3600)` : `${name}(${range}${shift(chance)})`
}
const aggregated: Make = (chance, inner) => {
  const name = chance.pick(['sum', 'avg', 'min', 'max', 'count', 'stddev', 'stdvar', 'group', 'quantile'])
  const by = chance.pick([
    '',
    ` by (${chance.some(labels, 3).join(',')})`,
    ` without (${chance.some(labels, 3).join(',')},id)`,
  ])
  return name === 'quantile'
    ? `quantile${by} (${chance.pick(['0.25', '0.99'])}, ${inner()})`
    : `${name}${by} (${inner()})`
}
/** Of values of chance: who is best among equals is nobody's. */
const best: Make = (chance) =>
  `${chance.pick(['topk', 'bottomk'])}${chance.pick(['', ' by (site)'])} (${chance.pick(['1', '3'])}, ${chance.pick(gauges)}${chance.pick(selectors)})`
const besideNumber: Make = (chance, inner) => {
  const operator = chance.pick(['+', '-', '*', '/', '%', '^', '>', '<=', '!= bool', '> bool'])
  const number = chance.pick(['2', '0.5', '-1.5', '1e3', 'Inf', '(1 + 2)', 'scalar(sum(hw_power_watts))'])
  return chance.is(0.5) ? `(${inner()}) ${operator} ${number}` : `${number} ${operator} (${inner()})`
}
const joined: Make = (chance) => {
  const operator = chance.pick(['+', '-', '/', '*', '> ', '< bool', '=='])
  const left = chance.pick(gauges) + chance.pick(selectors)
  return chance.pick([
    `${left} ${operator} ignoring(x) ${left}`,
    `${left} ${operator} on(id) ${chance.pick(gauges)}`,
    `${left} ${operator} on(site) group_left() sum by (site) (hw_power_watts)`,
    `sum by (site) (${left}) ${operator} on(site) group_right(label_env) ${chance.pick(gauges)}`,
    `${left} ${operator} on(site) hw_power_watts`,
    `${left} ${operator} on(rack) group_left(label_env) max by (rack, label_env) (hw_power_watts{label_env!=""})`,
  ])
}
const sets: Make = (chance, inner) =>
  `(${inner()}) ${chance.pick(['and', 'or', 'unless'])} ${chance.pick(['', 'on(site) ', 'ignoring(name, id) '])}(${inner()})`
const perValue: Make = (chance, inner) => {
  const name = chance.pick([
    'abs',
    'ceil',
    'floor',
    'round',
    'sqrt',
    'ln',
    'sgn',
    'exp',
    'clamp',
    'clamp_min',
    'hour',
    'day_of_year',
    '-',
    'timestamp',
    'sort',
    'absent',
  ])
  if (name === 'clamp') return `clamp(${inner()}, 1, 100)`
  if (name === 'clamp_min')
    return `clamp_min(${inner()}, ${chance.pick(['3', 'scalar(sum(hw_power_watts))'])})`
  if (name === 'timestamp') return `timestamp(${selector(chance)}${shift(chance)})`
  return name === '-' ? `-(${inner()})` : `${name}(${inner()})`
}
const labelled: Make = (chance, inner) =>
  chance.pick([
    `label_replace(${inner()}, "short", "$1-$2", "name", "(s)rv-(.*)")`,
    `label_replace(${inner()}, "name", "", "name", ".*")`,
    `label_join(${inner()}, "place", "/", "site", "rack")`,
    `count_values("value", round(${inner()}))`,
  ])
const subquery: Make = (chance, inner) =>
  `${chance.pick(['max', 'avg', 'count', 'last'])}_over_time((${inner()})[20m:${chance.pick(['', '1m', '90s'])}]${shift(chance)})`

const makes = [
  plain,
  overTime,
  overTime,
  ofCounter,
  aggregated,
  aggregated,
  best,
  besideNumber,
  joined,
  sets,
  perValue,
  labelled,
  subquery,
]
