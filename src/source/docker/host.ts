/**
 * Which machine an engine runs on. People may say it; an engine behind a unix socket runs where Plenum does, whose system UUID tells; one behind an address runs on
 * the machine that has it. Otherwise only its name is known, which proves nothing: then the host is a thing of this source, and who shares its name is a conflict.
 */
import { readFile } from 'node:fs/promises'
import type { LinkTarget, Observation } from '../../resource/resource.ts'
import type { SourceEnvironment } from '../source.ts'
import type { EngineInfo } from './client.ts'
import type { Settings } from './index.ts'

export interface Host {
  /** What containers run on. */
  target: LinkTarget
  /** The machine, where this source has something to say of it. */
  thing?: Observation
  /** How its ports are reached. */
  name: string
}

const machineKinds = ['Server', 'VirtualMachine'] as const
type MachineKind = (typeof machineKinds)[number]

export async function findHost(
  { url, host }: Settings,
  info: EngineInfo,
  environment: Pick<SourceEnvironment, 'addresses'>,
  signal: AbortSignal,
): Promise<Host> {
  const name = info.Name
  if (host !== undefined) return { target: { ref: host }, name }
  if (url.startsWith('unix://')) return toHost(info, await readFirmware())
  const known = await environment.addresses(signal)
  const { hostname } = new URL(url.replace(/^tcp:/, 'http:'))
  const address = hostname.replace(/^\[|\]$/g, '')
  const there = known.filter((one) => one.address === address && isMachine(one.kind))
  const ids = new Set(there.map(({ resourceId }) => resourceId))
  const [id] = ids
  if (ids.size === 1 && id !== undefined) return { target: { id }, name: address }
  const alike = new Set(
    known.filter((one) => one.name === name && isMachine(one.kind)).map(({ kind }) => kind),
  )
  const kind = alike.size === 1 ? ([...alike][0] as MachineKind) : 'Server'
  return { ...toHost(info, { kind }), name: address }
}

const isMachine = (kind: string): boolean => (machineKinds as readonly string[]).includes(kind)

interface Firmware {
  kind: MachineKind
  systemUuid?: string
}

function toHost(info: EngineInfo, { kind, systemUuid }: Firmware): Host {
  const key = `host/${info.ID || info.Name}`
  const thing: Observation = {
    key,
    kind,
    name: info.Name,
    fields: {
      ...(systemUuid === undefined ? {} : { systemUuid }),
      ...(info.NCPU ? { cpuCores: info.NCPU } : {}),
      ...(info.MemTotal ? { memoryBytes: info.MemTotal } : {}),
      ...(info.OperatingSystem ? { osName: info.OperatingSystem } : {}),
    },
  }
  return { target: { key }, thing, name: info.Name }
}

/** Names that hypervisors give to the machines that they make. */
const virtual =
  /kvm|qemu|vmware|virtual|bochs|xen|openstack|amazon ec2|google compute|hyper-v|parallels|bhyve/i

/** What this machine's firmware says; in a container or without the right to read it there is nothing. */
async function readFirmware(): Promise<Firmware> {
  const read = (name: string) =>
    readFile(`/sys/class/dmi/id/${name}`, 'utf8').then(
      (text) => text.trim(),
      () => '',
    )
  const [uuid, product, vendor] = await Promise.all(['product_uuid', 'product_name', 'sys_vendor'].map(read))
  return {
    kind: virtual.test(`${product} ${vendor}`) ? 'VirtualMachine' : 'Server',
    ...(/^[0-9a-f-]{36}$/i.test(uuid!) ? { systemUuid: uuid! } : {}),
  }
}
