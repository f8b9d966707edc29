/** Numbers of the wire: BER tags, PDU types, error statuses (RFC 1157, RFC 3416). */
export const tag = {
  integer: 0x02,
  octetString: 0x04,
  null: 0x05,
  oid: 0x06,
  sequence: 0x30,
  ipAddress: 0x40,
  counter32: 0x41,
  gauge32: 0x42,
  timeTicks: 0x43,
  opaque: 0x44,
  counter64: 0x46,
  unsigned32: 0x47,
  noSuchObject: 0x80,
  noSuchInstance: 0x81,
  endOfMibView: 0x82,
} as const

export const pdu = { get: 0xa0, getNext: 0xa1, response: 0xa2, set: 0xa3, getBulk: 0xa5 } as const
export type RequestType = typeof pdu.get | typeof pdu.getNext | typeof pdu.getBulk

/** The `version` number in a message. */
export const version = { v1: 0, v2c: 1 } as const
export type Version = (typeof version)[keyof typeof version]

export const errorStatus = { noError: 0, tooBig: 1, noSuchName: 2, genErr: 5 } as const
export const errorStatusNames = [
  'noError',
  'tooBig',
  'noSuchName',
  'badValue',
  'readOnly',
  'genErr',
  'noAccess',
  'wrongType',
  'wrongLength',
  'wrongEncoding',
  'wrongValue',
  'noCreation',
  'inconsistentValue',
  'resourceUnavailable',
  'commitFailed',
  'undoFailed',
  'authorizationError',
  'notWritable',
  'inconsistentName',
] as const

/** The three v2 answers that say there is no value. */
export const isException = (type: number): boolean => type >= tag.noSuchObject && type <= tag.endOfMibView
