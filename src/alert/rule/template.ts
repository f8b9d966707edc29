/** Summaries: text with `{{resource.name}}`, `{{value}}`, `{{label.env}}`; what stands in braces and is not known is a fault of the rule. */

export interface TemplateValues {
  rule: string
  metric: string
  severity: string
  value: number | null
  resource: { kind: string; name: string }
  site: string | null
  tenant: string | null
  labels: Readonly<Record<string, string>>
}

const place = /\{\{([^{}]*)\}\}/g
const filters: Readonly<Record<string, (value: number) => string>> = {
  percent: (value) => `${round(value * 100)} %`,
  duration: (seconds) => formatSeconds(seconds),
  bytes: (value) => formatBytes(value),
}

type Read = (values: TemplateValues, label: string) => unknown
const readers: Readonly<Record<string, Read>> = {
  rule: ({ rule }) => rule,
  metric: ({ metric }) => metric,
  severity: ({ severity }) => severity,
  value: ({ value }) => value,
  'resource.name': ({ resource }) => resource.name,
  'resource.kind': ({ resource }) => resource.kind,
  site: ({ site }) => site,
  tenant: ({ tenant }) => tenant,
}

interface Part {
  read: Read
  label: string
  filter: ((value: number) => string) | undefined
}

function parsePart(text: string): Part | string {
  const [name = '', filterName] = text.split('|').map((part) => part.trim())
  const filter = filterName === undefined ? undefined : filters[filterName]
  if (filterName !== undefined && (filter === undefined || name !== 'value'))
    return `{{${text}}}: value may be written as ${Object.keys(filters).join(', ')}, and nothing else`
  if (/^label\..+$/.test(name))
    return { read: ({ labels }, label) => labels[label], label: name.slice(6), filter }
  const read = Object.hasOwn(readers, name) ? readers[name] : undefined
  if (read === undefined)
    return `{{${text}}}: there is no ${name || 'such value'}; one of ${Object.keys(readers).join(', ')}, label.KEY`
  return { read, label: '', filter }
}

/** What is wrong with a template, a sentence each. */
export function templateFaults(text: string): string[] {
  const parts = [...text.matchAll(place)].map(([, inner]) => parsePart(inner!))
  const open = text.replaceAll(place, '')
  return [
    ...parts.filter((part) => typeof part === 'string'),
    ...(/\{\{|\}\}/.test(open) ? ['braces are not closed: write {{resource.name}}'] : []),
  ]
}

/** What has no value is written as a question mark: a summary never fails. */
export function fillTemplate(text: string, values: TemplateValues): string {
  return text.replaceAll(place, (_, inner: string) => {
    const part = parsePart(inner)
    if (typeof part === 'string') return '?'
    const value = part.read(values, part.label)
    if (typeof value === 'number')
      return Number.isFinite(value) ? (part.filter ?? round)(value) : String(value)
    return typeof value === 'string' ? value : '?'
  })
}

const round = (value: number): string => String(Number(value.toPrecision(4)))

function formatSeconds(seconds: number): string {
  const units = [
    ['d', 86_400],
    ['h', 3_600],
    ['m', 60],
  ] as const
  const unit = units.find(([, size]) => Math.abs(seconds) >= size)
  return unit === undefined ? `${round(seconds)} s` : `${round(seconds / unit[1])} ${unit[0]}`
}

function formatBytes(bytes: number): string {
  const names = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB']
  const power =
    bytes === 0 ? 0 : Math.min(names.length - 1, Math.max(0, Math.floor(Math.log2(Math.abs(bytes)) / 10)))
  return `${round(bytes / 1024 ** power)} ${names[power]}`
}
