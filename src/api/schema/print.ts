/** `node src/api/schema/print.ts > docs/schema.graphql`: the whole schema, for the code generators of clients. A test compares it with what is committed. */
import { buildASTSchema, printSchema } from 'graphql'
import { readDefinitions } from './document.ts'
import { expand } from './expand.ts'

export function printedSchema(): string {
  return `${printSchema(buildASTSchema(expand(readDefinitions())))}\n`
}

if (import.meta.main) process.stdout.write(printedSchema())
