/** Ways in which an agent can misbehave, for tests and demonstrations. */
export type Fault =
  | { readonly kind: 'silent' }
  | { readonly kind: 'slow'; readonly delayMs: number }
  /** Loses every nth answer. */
  | { readonly kind: 'lossy'; readonly every: number }
  | { readonly kind: 'wrongId' }
  | { readonly kind: 'wrongCommunity' }
  | { readonly kind: 'wrongVersion' }
  | { readonly kind: 'wrongType' }
  | { readonly kind: 'truncated' }
  | { readonly kind: 'garbage' }
  /** Answers from a port that was not asked. */
  | { readonly kind: 'stranger' }
  /** Answers twice. */
  | { readonly kind: 'twice' }
  /** GETBULK and GETNEXT always begin anew, so that a careless walk never ends. */
  | { readonly kind: 'loop' }
  /** Refuses with tooBig what would hold more varbinds. */
  | { readonly kind: 'tooBig'; readonly over: number }
  /** Refuses everything with an error status. */
  | { readonly kind: 'status'; readonly status: number }

/** Where things stand in a response: the id and community are found by its own request, which it repeats. */
export interface Response {
  readonly bytes: Buffer
  readonly communityStart: number
  readonly pduStart: number
}

/** The response as the fault leaves it; null: none is sent. */
export function spoil(fault: Fault | null, { bytes, communityStart, pduStart }: Response): Buffer | null {
  switch (fault?.kind) {
    case 'silent':
      return null
    case 'garbage':
      return Buffer.from(bytes.map((byte, i) => (byte * 7 + i) & 0xff))
    case 'truncated':
      return bytes.subarray(0, bytes.length >> 1)
    case 'wrongCommunity':
      return flip(bytes, communityStart)
    case 'wrongVersion':
      return flip(bytes, communityStart - 3)
    case 'wrongType':
      return flip(bytes, pduStart)
    case 'wrongId':
      return flip(bytes, idEnd(bytes, pduStart))
    default:
      return bytes
  }
}

const flip = (bytes: Buffer, at: number): Buffer => {
  const flipped = Buffer.from(bytes)
  flipped[at] = (flipped[at] as number) ^ 1
  return flipped
}

/** The last content byte of the request id, which stands first in the PDU at `pduStart`. */
export function idEnd(bytes: Buffer, pduStart: number): number {
  const lengthByte = bytes[pduStart + 1] as number
  const idStart = pduStart + 2 + (lengthByte >= 0x80 ? lengthByte & 0x7f : 0)
  return idStart + 1 + (bytes[idStart + 1] as number)
}
