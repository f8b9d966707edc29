/** The SDL files as they are written: shorthand that `expand` completes. */
import { readdirSync, readFileSync } from 'node:fs'
import { parse, Source, type DefinitionNode } from 'graphql'

const folder = new URL('../../../schema/', import.meta.url)

/** All definitions of schema/*.graphql, in the order of the file names. */
export function readDefinitions(): DefinitionNode[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.graphql'))
    .sort()
    .flatMap((name) => parse(new Source(readFileSync(new URL(name, folder), 'utf8'), name)).definitions)
}
