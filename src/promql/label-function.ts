/** Functions that change labels. */
import { BadQuery, type Expression } from './expression.ts'
import { withLabels } from './labels.ts'
import { compilePattern } from './matcher.ts'
import { joinEqual, type VectorSeries } from './value.ts'

export const labelFunctions = ['label_replace', 'label_join']

export function callLabels(
  name: string,
  series: readonly VectorSeries[],
  given: readonly Expression[],
): VectorSeries[] {
  const texts = given.map((one) => (one as { value: string }).value)
  return joinEqual(name === 'label_replace' ? replace(series, texts) : join(series, texts))
}

function checkName(label: string): void {
  if (!/^[a-zA-Z_]\w*$/.test(label)) throw new BadQuery(`invalid label name ${JSON.stringify(label)}`)
}

function replace(
  series: readonly VectorSeries[],
  [target, replacement, source, pattern]: readonly string[],
): VectorSeries[] {
  checkName(target!)
  const compiled = compilePattern(pattern!)
  return series.map((one) => {
    const found = compiled.matcher(one.labels[source!] ?? '')
    if (!found.matches()) return one
    const value = replacement!.replaceAll(
      /\$(?:\$|(\w+)|\{(\w+)\})/g,
      (whole, bare?: string, braced?: string) => {
        if (whole === '$$') return '$'
        const group = bare ?? braced ?? ''
        if (/^\d+$/.test(group))
          return Number(group) <= found.groupCount() ? (found.group(Number(group)) ?? '') : ''
        return Object.hasOwn(compiled.namedGroups(), group) ? (found.group(group) ?? '') : ''
      },
    )
    return { ...one, labels: withLabels(one.labels, { [target!]: value }) }
  })
}

function join(
  series: readonly VectorSeries[],
  [target, separator, ...sources]: readonly string[],
): VectorSeries[] {
  checkName(target!)
  return series.map((one) => {
    const value = sources.map((label) => one.labels[label] ?? '').join(separator)
    return { ...one, labels: withLabels(one.labels, { [target!]: value }) }
  })
}
