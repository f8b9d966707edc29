/** SNMPv2 traps as the simulated devices send them. */
import {
  encodeInteger,
  encodeMessage,
  encodeOid,
  encodeVarbind,
  tag,
  version,
} from '../source/snmp/protocol/index.ts'
import type { Happening, Scene } from './scene.ts'
import { upTime } from './table/system.ts'

const trapPdu = 0xa7
const trapOid = {
  coldStart: '1.3.6.1.6.3.1.1.5.1',
  linkDown: '1.3.6.1.6.3.1.1.5.3',
  linkUp: '1.3.6.1.6.3.1.1.5.4',
  bgpEstablished: '1.3.6.1.2.1.15.0.1',
  bgpBackwardTransition: '1.3.6.1.2.1.15.0.2',
  lldpChange: '1.0.8802.1.1.2.0.0.1',
} as const
const sysUpTime = '1.3.6.1.2.1.1.3.0'
const snmpTrapOid = '1.3.6.1.6.3.1.1.4.1.0'
const ifEntry = '1.3.6.1.2.1.2.2.1'
const bgpPeerEntry = '1.3.6.1.2.1.15.3.1'

export interface TrapOptions {
  scene: Scene
  happening: Happening
  /** Seconds since the scene began. */
  now: number
  community: string
  requestId: number
}

export function encodeTrap({ scene, happening, now, community, requestId }: TrapOptions): Buffer {
  const ticks = Math.floor(upTime(scene.device(happening.device))(now)) % 2 ** 32
  const varbinds = [
    varbind(sysUpTime, tag.timeTicks, encodeInteger(tag.timeTicks, BigInt(ticks))),
    varbind(snmpTrapOid, tag.oid, encodeOid(trapOid[happening.what])),
    ...detailOf(scene, happening),
  ]
  return encodeMessage({
    version: version.v2c,
    community: Buffer.from(community),
    type: trapPdu,
    requestId,
    status: 0,
    index: 0,
    varbinds,
  })
}

function detailOf(scene: Scene, happening: Happening): Uint8Array[] {
  switch (happening.what) {
    case 'linkDown':
    case 'linkUp': {
      const { ifIndex } = happening.port
      const status = happening.what === 'linkUp' ? 1 : 2
      return [
        int(`${ifEntry}.1.${ifIndex}`, ifIndex),
        int(`${ifEntry}.7.${ifIndex}`, 1),
        int(`${ifEntry}.8.${ifIndex}`, status),
      ]
    }
    case 'bgpEstablished':
    case 'bgpBackwardTransition': {
      const { neighborAddress } = happening.session
      const lastError = varbind(`${bgpPeerEntry}.14.${neighborAddress}`, tag.octetString, Uint8Array.of(0, 0))
      return [lastError, int(`${bgpPeerEntry}.2.${neighborAddress}`, scene.session(happening.session).state)]
    }
    default:
      return []
  }
}

const varbind = (oid: string, type: number, content: Uint8Array): Uint8Array =>
  encodeVarbind(encodeOid(oid), type, content)
const int = (oid: string, value: number): Uint8Array =>
  varbind(oid, tag.integer, encodeInteger(tag.integer, BigInt(value)))
