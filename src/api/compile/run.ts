/** One execution of a plan: what it is asked with, its errors, and what of its answer is still to come. */
import { getArgumentValues, locatedError } from 'graphql'
import type { GraphQLError } from 'graphql'
import type { Context } from '../../context.ts'
import { Holes } from './hole.ts'
import { pathOf, type Place, type RunFacts } from './place.ts'
import type { FieldPlan } from './selection.ts'
import type { ValueWriter } from './value.ts'

type Arguments = Readonly<Record<string, unknown>>

export class Run {
  readonly facts: RunFacts
  readonly context: Context
  readonly errors: GraphQLError[] = []
  readonly holes = new Holes((error) => this.errors.push(error))
  #arguments: Map<FieldPlan, Arguments> | undefined

  constructor(facts: RunFacts, context: Context) {
    this.facts = facts
    this.context = context
  }

  /** Arguments that hold variables are read once a request, not once a row. */
  argumentsOf(field: FieldPlan): Arguments {
    this.#arguments ??= new Map()
    const known = this.#arguments.get(field)
    if (known !== undefined) return known
    const read = getArgumentValues(field.definition, field.nodes[0]!, this.facts.variables)
    this.#arguments.set(field, read)
    return read
  }

  /**
   * What stands where something was thrown: null and the error told, or the error thrown on when null may not stand here.
   * Nothing that was written since `from` is part of the answer.
   */
  fault(
    thrown: unknown,
    field: FieldPlan,
    place: Place | undefined,
    key: string | number,
    nullable: boolean,
    from: number,
  ): string {
    this.holes.drop(from)
    const error = this.located(thrown, field, place, key)
    if (!nullable) throw error
    this.errors.push(error)
    return 'null'
  }

  located(thrown: unknown, field: FieldPlan, place: Place | undefined, key: string | number): GraphQLError {
    return locatedError(thrown, field.nodes, pathOf(place, key))
  }

  /** A mark for a value that is on its way. */
  later(
    promise: PromiseLike<unknown>,
    field: FieldPlan,
    place: Place | undefined,
    key: string | number,
    nullable: boolean,
    write: ValueWriter,
  ): string {
    const { hole, text } = this.holes.dig(nullable)
    const locate = (error: unknown) => this.located(error, field, place, key)
    Promise.resolve(promise).then(
      (value) => this.holes.fill(hole, () => write(this, field, place, key, value), locate),
      (error: unknown) => this.holes.fail(hole, locate(error)),
    )
    return text
  }
}
