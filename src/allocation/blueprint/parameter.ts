/** What is given for a blueprint's parameters, checked by their types. Pure. */
import { z } from 'zod'
import { PlenumError } from '../../errors.ts'
import type { Blueprint, Parameter } from './schema.ts'
import type { Values } from './template.ts'

/** As JSON Schema, for those who make forms of it. */
export function parametersSchema({ parameters }: Blueprint): object {
  return {
    type: 'object',
    properties: parameters,
    required: Object.keys(parameters).filter((name) => parameters[name]!.default === undefined),
    additionalProperties: false,
  }
}

const texts = ({ minLength, maxLength, pattern, enum: values }: Extract<Parameter, { type: 'string' }>) => {
  if (values !== undefined) return z.enum(values as [string, ...string[]])
  const text = z
    .string()
    .min(minLength ?? 0)
    .max(maxLength)
  return pattern === undefined ? text : text.regex(new RegExp(pattern, 'u'))
}

function shapeOf(parameter: Parameter): z.ZodType {
  if (parameter.type === 'boolean') return z.boolean()
  if (parameter.type === 'string') return texts(parameter)
  const number = parameter.type === 'integer' ? z.int() : z.number()
  return number
    .min(parameter.minimum ?? -Number.MAX_SAFE_INTEGER)
    .max(parameter.maximum ?? Number.MAX_SAFE_INTEGER)
}

/** All of them, with defaults; INVALID_INPUT tells every fault with its path. */
export function toParameters({ parameters }: Blueprint, given: unknown, path: string): Values {
  const shape = z.strictObject(
    Object.fromEntries(
      Object.entries(parameters).map(([name, one]) => {
        const own = shapeOf(one)
        return [name, one.default === undefined ? own : own.default(one.default as never)]
      }),
    ),
  )
  const { success, data, error } = shape.safeParse(given ?? {})
  if (success) return data as Values
  const problems = error.issues.slice(0, 100).map((issue) => ({
    path: [path, ...issue.path].join('.'),
    message: issue.message,
  }))
  throw new PlenumError(
    'INVALID_INPUT',
    `The parameters do not fit: ${problems[0]!.path}: ${problems[0]!.message}`,
    {
      path: problems[0]!.path,
      problems,
    },
  )
}
