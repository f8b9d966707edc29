/** Operations by chance over a whole schema: every kind of selection, argument and variable that it can receive. */
import {
  GraphQLInputObjectType,
  getNamedType,
  isAbstractType,
  isCompositeType,
  isEnumType,
  isInputObjectType,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
  type GraphQLArgument,
  type GraphQLCompositeType,
  type GraphQLField,
  type GraphQLInputField,
  type GraphQLInputType,
  type GraphQLObjectType,
  type GraphQLSchema,
} from 'graphql'

/** Numbers from 0 to below 1; the same for the same seed. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  return {
    chance: (share) => next() < share,
    below: (limit) => Math.floor(next() * limit),
    pick: (items) => items[Math.floor(next() * items.length)]!,
  }
}

export interface Random {
  chance(share: number): boolean
  below(limit: number): number
  pick<T>(items: readonly T[]): T
}

export interface Operation {
  source: string
  variables: Record<string, unknown>
}

/** Texts that a scalar may be written as in JSON: some good, some not. */
export type Samples = Readonly<Record<string, readonly unknown[]>>

const plain: Samples = {
  Int: [0, 1, 2, 3, 5, 100, -1],
  Float: [0, 1.5, -2],
  Boolean: [true, false],
  String: ['', 'a', 'srv', 'R', 'name', '10.0.0', 'é"\\'],
  ID: ['1', '7', 'x'],
}

const deepest = 6

export class Generator {
  readonly #schema: GraphQLSchema
  readonly #random: Random
  readonly #samples: Samples
  #variables: { name: string; type: string; value: unknown; fallback: string }[] = []
  #fragments: { name: string; text: string; type: string }[] = []
  #left = 0

  constructor(schema: GraphQLSchema, random: Random, samples: Samples) {
    this.#schema = schema
    this.#random = random
    this.#samples = { ...plain, ...samples }
  }

  /** It need not be valid: fields of one key may disagree. */
  make(root: 'query' | 'mutation' | 'subscription' = 'query'): Operation {
    this.#variables = []
    this.#fragments = []
    this.#left = 60
    const type = this.#schema.getRootType(root as never)!
    const body = this.#select(type, 0)
    const declared = this.#variables.map(({ name, type: of, fallback }) => `$${name}: ${of}${fallback}`)
    const head = declared.length > 0 ? `(${declared.join(', ')})` : ''
    const given = this.#variables.filter(({ value }) => value !== undefined)
    return {
      source: [
        `${root} Q${head} ${body}`,
        ...this.#fragments.map((one) => `fragment ${one.name} on ${one.type} ${one.text}`),
      ].join('\n'),
      variables: Object.fromEntries(given.map(({ name, value }) => [name, value])),
    }
  }

  #select(type: GraphQLCompositeType, depth: number): string {
    const parts: string[] = []
    const count = 1 + this.#random.below(depth === 0 ? 3 : 5)
    for (let index = 0; index < count; index++) parts.push(this.#part(type, depth))
    return `{ ${parts.filter((part) => part !== '').join(' ') || '__typename'} }`
  }

  #part(type: GraphQLCompositeType, depth: number): string {
    const { chance } = this.#random
    if (chance(0.06)) return `__typename${this.#directives()}`
    if (depth > 0 && chance(isAbstractType(type) ? 0.4 : 0.08)) return this.#fragment(type, depth)
    const fields = isObjectType(type) || 'getFields' in type ? Object.values(type.getFields()) : []
    if (fields.length === 0) return this.#fragment(type, depth)
    const leafOnly = depth >= deepest || this.#left <= 0
    const usable = leafOnly ? fields.filter((field) => isLeafType(getNamedType(field.type))) : fields
    return usable.length === 0 ? '__typename' : this.#field(this.#random.pick(usable), depth)
  }

  #field(field: GraphQLField<unknown, unknown>, depth: number): string {
    this.#left--
    const named = getNamedType(field.type)
    const alias = this.#random.chance(0.5) ? '' : `a${this.#random.below(10_000)}: `
    const args = field.args.flatMap((one) => this.#argument(one))
    const head = `${alias}${field.name}${args.length > 0 ? `(${args.join(', ')})` : ''}${this.#directives()}`
    return isCompositeType(named) ? `${head} ${this.#select(named, depth + 1)}` : head
  }

  #fragment(type: GraphQLCompositeType, depth: number): string {
    const { chance, pick } = this.#random
    const on = pick(this.#related(type))
    if (chance(0.6)) return `... on ${on.name}${this.#directives()} ${this.#select(on, depth)}`
    const known = this.#fragments.filter((one) => one.type === on.name && one.text !== '')
    if (known.length > 0 && chance(0.3)) return `...${pick(known).name}${this.#directives()}`
    const made = { name: `F${this.#fragments.length}`, text: '', type: on.name }
    this.#fragments.push(made)
    const text = this.#select(on, depth)
    made.text = text
    return `...${made.name}${this.#directives()}`
  }

  /** Types that may be asked for within a selection on `type`. */
  #related(type: GraphQLCompositeType): GraphQLCompositeType[] {
    if (isAbstractType(type)) return [type, ...this.#schema.getPossibleTypes(type)]
    return [type, ...(type as GraphQLObjectType).getInterfaces()]
  }

  #directives(): string {
    const { chance, pick } = this.#random
    if (!chance(0.07)) return ''
    const name = pick(['skip', 'include'])
    const value = chance(0.5) ? String(chance(0.5)) : this.#variable('Boolean!', chance(0.5))
    return ` @${name}(if: ${value})`
  }

  #argument(argument: GraphQLArgument): string[] {
    if (!isNonNullType(argument.type) && !this.#random.chance(0.3)) return []
    return [`${argument.name}: ${this.#value(argument.type, 0)}`]
  }

  #value(type: GraphQLInputType, depth: number): string {
    if (this.#random.chance(0.15)) return this.#variable(String(type), this.#json(type, depth))
    return this.#literal(type, this.#json(type, depth))
  }

  #variable(type: string, value: unknown): string {
    const name = `v${this.#variables.length}`
    const { chance } = this.#random
    const absent = !type.endsWith('!') && chance(0.2)
    const fallback = type === 'Int' && chance(0.3) ? ' = 2' : ''
    this.#variables.push({ name, type, value: absent ? undefined : chance(0.03) ? null : value, fallback })
    return `$${name}`
  }

  /** A value as JSON has it. */
  #json(type: GraphQLInputType, depth: number): unknown {
    const { chance, pick, below } = this.#random
    if (isNonNullType(type)) return this.#json(type.ofType, depth)
    if (chance(0.04)) return null
    if (isListType(type)) return Array.from({ length: below(3) }, () => this.#json(type.ofType, depth))
    if (isEnumType(type)) return pick(type.getValues()).name
    if (isInputObjectType(type)) return this.#object(type, depth)
    return pick(this.#samples[type.name] ?? ['x'])
  }

  #object(type: GraphQLInputObjectType, depth: number): Record<string, unknown> {
    const fields = Object.values(type.getFields())
    const needed = fields.filter((field) => isNonNullType(field.type))
    const optional = fields.filter((field) => !needed.includes(field))
    const chosen = depth > 2 || optional.length === 0 ? [] : [this.#random.pick(optional)]
    return Object.fromEntries(
      [...needed, ...chosen].map((field: GraphQLInputField) => [
        field.name,
        this.#json(withoutNull(field.type), depth + 1),
      ]),
    )
  }

  #literal(type: GraphQLInputType, value: unknown): string {
    if (value === null) return 'null'
    if (isNonNullType(type)) return this.#literal(type.ofType, value)
    if (isListType(type))
      return `[${(value as unknown[]).map((one) => this.#literal(type.ofType, one)).join(', ')}]`
    if (isEnumType(type)) return String(value)
    if (!isInputObjectType(type)) return literalOf(value)
    const fields = type.getFields()
    const entries = Object.entries(value as object).map(
      ([key, one]) => `${key}: ${this.#literal(fields[key]!.type, one)}`,
    )
    return `{ ${entries.join(', ')} }`
  }
}

const withoutNull = (type: GraphQLInputType): GraphQLInputType => (isNonNullType(type) ? type.ofType : type)

/** JSON as GraphQL writes it: keys without quotes. */
function literalOf(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(literalOf).join(', ')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  return `{ ${Object.entries(value)
    .map(([key, one]) => `${key}: ${literalOf(one)}`)
    .join(', ')} }`
}
