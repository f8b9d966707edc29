/** SNMP's twin: an agent that replays a small recording, behind a relay that sees every request and can be ill. */
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { snmp } from '../../../src/source/snmp/index.ts'
import { Mib, parseRecording, startResponder } from '../../../src/source/snmp/responder/index.ts'
import type { Told } from '../../../src/source/source.ts'
import type { Illness, Neighbour, Twin } from './twin.ts'

const community = 'hush-hush-community'
const ports = 40
const recording = [
  '1.3.6.1.2.1.1.1.0|4|Plenum test switch',
  '1.3.6.1.2.1.1.2.0|6|1.3.6.1.4.1.8072.3.2.10',
  '1.3.6.1.2.1.1.3.0|67|100000',
  '1.3.6.1.2.1.1.5.0|4|leaf1',
  '1.3.6.1.2.1.2.1.0|2|40',
  ...column('1.3.6.1.2.1.2.2.1.1', (port) => `2|${port}`),
  ...column('1.3.6.1.2.1.2.2.1.2', (port) => `4|eth${port}`),
  ...column('1.3.6.1.2.1.2.2.1.3', () => '2|6'),
  ...column('1.3.6.1.2.1.2.2.1.7', () => '2|1'),
  ...column('1.3.6.1.2.1.2.2.1.8', () => '2|1'),
  ...column('1.3.6.1.2.1.31.1.1.1.1', (port) => `4|eth${port}`),
].join('\n')

function column(oid: string, value: (port: number) => string): string[] {
  return Array.from({ length: ports }, (_, index) => `${oid}.${index + 1}|${value(index + 1)}`)
}

const countSockets = (): number =>
  process.getActiveResourcesInfo().filter((type) => type === 'UDPWrap').length

export const snmpTwin: Twin = {
  driver: snmp,
  measuresFailure: true,
  immune: {
    shape: 'what can be understood and is of another shape is garbage to a decoder',
    cut: 'a datagram is whole or is none; a cut one is garbage',
    circle: 'SNMP has no redirects',
    elsewhere: 'SNMP has no redirects',
    certificate: 'SNMP has no certificates',
  },
  start,
}

async function start(): Promise<Neighbour> {
  const responder = startResponder()
  const agent = await responder.add({
    mib: new Mib(parseRecording(Buffer.from(recording)).values),
    community,
  })
  const [front, back] = [createSocket('udp4'), createSocket('udp4')]
  for (const socket of [front, back]) {
    socket.bind(0, '127.0.0.1')
    await once(socket, 'listening')
  }
  let illness: Illness | 'well' = 'well'
  let after = 0
  let answered = 0
  let asker: RemoteInfo | undefined
  const writes: string[] = []
  front.on('message', (bytes, from) => {
    asker = from
    if (pduOf(bytes) === 0xa3) writes.push('SET')
    if (illness === 'well' || answered < after) back.send(bytes, agent.port, agent.address)
    else beIll(illness, front, bytes, from)
  })
  back.on('message', (bytes) => {
    answered += 1
    if (asker) front.send(bytes, asker.port, asker.address)
  })
  const port = front.address().port
  // Those of others of this file included: what is more later is the driver's.
  const own = countSockets()
  return {
    settings: {
      interval: 1,
      timeoutMs: 100,
      retries: 0,
      seeds: [{ address: '127.0.0.1', port }],
      credentials: { main: { community: 'env:COMMUNITY' } },
    },
    secrets: { 'env:COMMUNITY': community },
    things: undefined,
    watched: {
      things: ports + 1,
      isDown: (told: Told) =>
        'readings' in told && told.readings.some(({ metric, value }) => metric === 'up' && value === 0),
    },
    be(next, from = 0) {
      illness = next
      after = from
      answered = 0
    },
    answered: () => answered,
    writes: () => writes,
    connections: async () => Math.max(0, countSockets() - own),
    async close() {
      for (const socket of [front, back]) {
        socket.close()
        await once(socket, 'close')
      }
      await responder.close()
    },
  }
}

function beIll(illness: Illness, front: Socket, bytes: Buffer, { port, address }: RemoteInfo): void {
  const send = (answer: Buffer) => front.send(answer, port, address)
  if (illness === 'garbage') send(Buffer.from(bytes.map((byte, at) => (byte * 7 + at) & 0xff)))
  if (illness === 'echo') send(bytes)
  if (illness === 'drip') for (let at = 0; at < 20; at++) send(bytes.subarray(at, at + 1))
  if (illness === 'large') for (let times = 0; times < 20; times++) send(Buffer.alloc(60_000, 0x30))
}

/** The tag of the PDU behind version and community, which are short. */
function pduOf(bytes: Buffer): number | undefined {
  const start = bytes[1]! >= 0x80 ? 2 + (bytes[1]! & 0x7f) : 2
  const community = start + 2 + bytes[start + 1]!
  return bytes[community + 2 + bytes[community + 1]!]
}
