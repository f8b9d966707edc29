/** The configuration's sections about sources: `sources`, `services`, and what of them is measured. */
import { z } from 'zod'
import {
  collectionShape,
  drivers,
  parseServices,
  parseSources,
  type CollectionPolicy,
} from './source/index.ts'

/** Each by its driver: what they share is checked there, what is a driver's own by itself. */
export const sources = z.unknown().transform((value, context) => {
  const parsed = parseSources(value ?? {}, drivers)
  for (const { path, message } of parsed.faults) context.addIssue({ code: 'custom', path, message })
  return parsed.faults.length === 0 ? parsed.sources : z.NEVER
})

/** Declared services with their checks: a source by the name of the section. */
export const services = z.unknown().transform((value, context) => {
  const driver = drivers.find(({ name }) => name === 'service')!
  const parsed = parseServices(value ?? {}, driver)
  for (const { path, message } of parsed.faults) context.addIssue({ code: 'custom', path, message })
  return parsed.faults.length === 0 ? parsed.sources : z.NEVER
})

/** See docs/measuring.md. */
export const collection = collectionShape

interface Named {
  name: string
}

/** A policy of a source that is not there would select nothing, silently. */
export function refuseUnknownSources(
  config: { collection: readonly CollectionPolicy[]; sources: readonly Named[]; services: readonly Named[] },
  context: z.core.$RefinementCtx,
): void {
  const known = new Set([...config.sources, ...config.services].map(({ name }) => name))
  for (const [place, { sources = [] }] of config.collection.entries())
    for (const [at, name] of sources.entries())
      if (!known.has(name))
        context.addIssue({
          code: 'custom',
          path: ['collection', place, 'sources', at],
          message: `there is no source "${name}"`,
        })
}
