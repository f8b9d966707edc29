/** Untrusted bytes to a GraphQL request body. */
import { PlenumError, invalidInput } from '../errors.ts'

const decoder = new TextDecoder('utf-8', { fatal: true })
const deepestJson = 200

/** The object in a JSON body. INVALID_INPUT says what is wrong with it, with the line and column where JSON ends to make sense. */
export function parseBody(bytes: Uint8Array): Record<string, unknown> {
  const value = parseJson(decodeText(bytes))
  if (Array.isArray(value)) {
    throw invalidInput(
      'Batched requests are not taken: send one operation a request, or several root fields in one',
    )
  }
  if (typeof value !== 'object' || value === null) throw invalidInput('The body must be a JSON object')
  return value as Record<string, unknown>
}

function decodeText(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes)
  } catch (error) {
    throw new PlenumError('INVALID_INPUT', 'The body is not valid UTF-8', {}, { cause: error })
  }
}

function parseJson(text: string): unknown {
  if (depthOf(text) > deepestJson) throw invalidInput(`The body nests deeper than ${deepestJson} levels`)
  try {
    return JSON.parse(text)
  } catch (error) {
    const reason = error instanceof Error ? error.message.replace(/, ".*/s, '') : ''
    throw new PlenumError('INVALID_INPUT', `The body is not valid JSON: ${reason}`, {}, { cause: error })
  }
}

/** Levels of brackets outside strings: to refuse what would overflow the stack later. */
function depthOf(text: string): number {
  let depth = 0
  let deepest = 0
  let inString = false
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index)
    if (inString) {
      if (code === 0x5c) index++
      else if (code === 0x22) inString = false
    } else if (code === 0x22) inString = true
    else if (code === 0x7b || code === 0x5b) deepest = Math.max(deepest, ++depth)
    else if (code === 0x7d || code === 0x5d) depth--
  }
  return deepest
}
