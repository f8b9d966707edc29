/** One execution of a plan: what it is asked with, its errors, and what of its answer is still to come. */
import { getArgumentValues, locatedError } from 'graphql'
import type { GraphQLError } from 'graphql'
import type { Context } from '../../context.ts'
import { checkTime } from '../../deadline.ts'
import { Holes } from './hole.ts'
import { openOut } from './out.ts'
import { pathOf, type Place, type RunFacts } from './place.ts'
import type { FieldPlan } from './selection.ts'
import type { ValueWriter } from './value.ts'

const timeEvery = 512

type Arguments = Readonly<Record<string, unknown>>

export class Run {
  readonly facts: RunFacts
  readonly context: Context
  readonly errors: GraphQLError[] = []
  readonly out = openOut()
  readonly holes = new Holes(this.out, (error) => this.errors.push(error))
  #arguments: Map<FieldPlan, Arguments> | undefined
  #items = 0

  constructor(facts: RunFacts, context: Context) {
    this.facts = facts
    this.context = context
  }

  /** To be called for each item of a list: an answer that is written without a pause ends in time all the same. */
  step(): void {
    if (++this.#items % timeEvery === 0) checkTime(this.context.signal)
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
   * Puts null where something was thrown and tells the error, or throws it on where null may not stand. Nothing that was written since `start` is part of the
   * answer.
   */
  fault(thrown: unknown, spot: Spot, start: number, from: number): void {
    if (this.holes.count > from) this.holes.drop(from)
    this.out.at = start
    const error = this.located(thrown, spot)
    if (!spot.nullable) throw error
    this.errors.push(error)
    this.out.null()
  }

  located(thrown: unknown, { field, place, key }: Spot): GraphQLError {
    return locatedError(thrown, field.nodes, pathOf(place, key))
  }

  /** Leaves a hole for a value that is on its way. */
  later(promise: PromiseLike<unknown>, spot: Spot, write: ValueWriter): void {
    const hole = this.holes.dig(spot.nullable)
    const locate = (error: unknown) => this.located(error, spot)
    Promise.resolve(promise).then(
      (value) => this.holes.fill(hole, () => write(this, spot.field, spot.place, spot.key, value), locate),
      (error: unknown) => this.holes.fail(hole, locate(error)),
    )
  }
}

/** A value's place in the answer. */
export interface Spot {
  field: FieldPlan
  place: Place | undefined
  key: string | number
  nullable: boolean
}
