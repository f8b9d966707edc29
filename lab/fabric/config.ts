/** What the daemons of a node are told: snmpd (AgentX master), lldpd (LLDP-MIB), FRR's zebra and bgpd (BGP4-MIB). */
import { join } from 'node:path'
import {
  pollerAddress,
  snmpCredentials as credentials,
  trapPort,
  tuningCommunity,
  witnessPort,
  type FabricNode,
} from './plan.ts'

const traps = {
  linkDown: '.1.3.6.1.6.3.1.1.5.3',
  linkUp: '.1.3.6.1.6.3.1.1.5.4',
}
const ifEntry = '.1.3.6.1.2.1.2.2.1'
const varbinds = `${ifEntry}.1 ${ifEntry}.7 ${ifEntry}.8`

export const agentSocket = (folder: string): string => join(folder, 'agentx.sock')

export function snmpdConfig(node: FabricNode, folder: string): string {
  const { user, community, authPassword, privPassword } = credentials
  const secrets = `SHA-256 ${authPassword} AES-256 ${privPassword}`
  const engine = Buffer.from(`fab${String(node.number).padStart(5, '0')}`).toString('hex')
  return lines(
    `sysName ${node.name}`,
    `sysLocation rack ${node.number}`,
    `sysServices ${node.kind === 'host' ? 72 : 6}`,
    `agentaddress udp:${node.management}:161`,
    'master agentx',
    `agentXSocket unix:${agentSocket(folder)}`,
    'agentXPerms 0777 0755',
    `exactEngineID 0x80001f8804${engine}`,
    // What the monitors below look with.
    `createUser monitor SHA ${authPassword} AES ${privPassword}`,
    'rouser monitor',
    'iquerySecName monitor',
    ...(node.isPrivate
      ? [
          `createUser ${user} ${secrets}`,
          `rouser ${user} priv`,
          `trapsess -v 3 -u ${user} -l authPriv -a SHA-256 -A ${authPassword} -x AES-256 -X ${privPassword} ${pollerAddress}:${trapPort}`,
        ]
      : [`rocommunity ${community} default`, `trap2sink ${pollerAddress}:${trapPort} ${community}`]),
    `rwcommunity ${tuningCommunity} ${pollerAddress} .1.3.6.1.4.1.8072.1.5`,
    `trap2sink ${pollerAddress}:${witnessPort} witness`,
    `notificationEvent linkUpTrap ${traps.linkUp} ${varbinds}`,
    `notificationEvent linkDownTrap ${traps.linkDown} ${varbinds}`,
    `monitor -S -r 1 -e linkUpTrap "linkUp" ${ifEntry}.8 != 2`,
    `monitor -S -r 1 -e linkDownTrap "linkDown" ${ifEntry}.8 == 2`,
  )
}

export const lldpdConfig = (node: FabricNode): string =>
  lines(
    `configure system hostname ${node.name}`,
    'configure lldp tx-interval 1',
    'configure lldp tx-hold 4',
    'configure system interface pattern !mgmt0,!br-vm,!vm*,*',
    'configure lldp portidsubtype ifname',
    `configure system ip management pattern ${node.management}`,
  )

export const zebraConfig = (node: FabricNode): string => lines(`hostname ${node.name}`, 'agentx')

export const bgpdConfig = (node: FabricNode): string =>
  lines(
    'frr defaults datacenter',
    `hostname ${node.name}`,
    'agentx',
    'bgp snmp traps rfc4273',
    `router bgp ${node.asn}`,
    ` bgp router-id ${node.loopback}`,
    ' bgp bestpath as-path multipath-relax',
    ' no bgp ebgp-requires-policy',
    ...node.ports.flatMap(({ far }) => [
      ` neighbor ${far.address} remote-as ${far.node.asn}`,
      ` neighbor ${far.address} description ${far.node.name}`,
      ` neighbor ${far.address} timers 1 3`,
      ` neighbor ${far.address} timers connect 1`,
    ]),
    ' address-family ipv4 unicast',
    `  network ${node.loopback}/32`,
    ...node.guests.map(({ address }) => `  network ${address}/32`),
    ' exit-address-family',
  )

const lines = (...all: string[]): string => `${all.join('\n')}\n`
