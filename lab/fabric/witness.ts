/** `node witness.ts ADDRESS PORT`: tells when which trap arrived, a line of JSON each, without Plenum. */
import { createSocket } from 'node:dgram'
import { Answer } from '../../src/source/snmp/protocol/index.ts'

export interface Witnessed {
  at: number
  from: string
  trap: string
}

const [address, port] = process.argv.slice(2)
const socket = createSocket('udp4')
const trap = new Answer()
socket.on('message', (bytes, from) => {
  const at = Date.now()
  if (trap.parseHead(bytes) !== null || trap.parseVarbinds(100) !== null || trap.count < 2) return
  trap.select(1, 0)
  const told: Witnessed = { at, from: from.address, trap: String(trap.value()) }
  process.stdout.write(`${JSON.stringify(told)}\n`)
})
socket.bind(Number(port), address, () => process.stdout.write('ready\n'))
