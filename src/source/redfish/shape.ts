/** What is used of a controller's answers. Controllers leave out what they do not have, or say null. */
import { z } from 'zod'

const text = z.string().nullish()
const number = z.number().nullish()
const status = z.object({ State: text, Health: text }).nullish()
export const link = z.object({ '@odata.id': z.string() })
const links = link.nullish()

export const root = z.object({
  RedfishVersion: text,
  Systems: links,
  Chassis: links,
  Managers: links,
  EventService: links,
})
export const eventService = z.object({ ServiceEnabled: z.boolean().nullish(), ServerSentEventUri: text })
export const collection = z.object({
  Members: z.array(link),
  'Members@odata.nextLink': text,
})
export const system = z.object({
  Id: z.string(),
  Name: text,
  HostName: text,
  Manufacturer: text,
  Model: text,
  SKU: text,
  SerialNumber: text,
  AssetTag: text,
  UUID: text,
  PowerState: text,
  BiosVersion: text,
  Actions: z
    .object({
      '#ComputerSystem.Reset': z
        .object({ target: text, 'ResetType@Redfish.AllowableValues': z.array(z.string()).nullish() })
        .nullish(),
    })
    .nullish(),
  Status: status,
  ProcessorSummary: z
    .object({ Count: number, CoreCount: number, LogicalProcessorCount: number, Model: text })
    .nullish(),
  MemorySummary: z.object({ TotalSystemMemoryGiB: number }).nullish(),
  Processors: links,
  Memory: links,
  EthernetInterfaces: links,
  Storage: links,
})
export const processor = z.object({
  Id: z.string(),
  Name: text,
  Socket: text,
  ProcessorType: text,
  Manufacturer: text,
  Model: text,
  TotalCores: number,
  TotalThreads: number,
  MaxSpeedMHz: number,
  Status: status,
})
export const memory = z.object({
  Id: z.string(),
  DeviceLocator: text,
  Manufacturer: text,
  PartNumber: text,
  SerialNumber: text,
  CapacityMiB: number,
  OperatingSpeedMhz: number,
  Status: status,
})
export const nic = z.object({
  Id: z.string(),
  Name: text,
  MACAddress: text,
  PermanentMACAddress: text,
  SpeedMbps: number,
  LinkStatus: text,
  InterfaceEnabled: z.boolean().nullish(),
  Status: status,
})
export const storage = z.object({ Id: z.string(), Name: text, Drives: z.array(link).nullish() })
export const drive = z.object({
  Id: z.string(),
  Name: text,
  Manufacturer: text,
  Model: text,
  SerialNumber: text,
  PartNumber: text,
  CapacityBytes: number,
  MediaType: text,
  Protocol: text,
  Revision: text,
  Status: status,
})
export const chassis = z.object({
  Id: z.string(),
  Thermal: links,
  Power: links,
  Links: z.object({ ComputerSystems: z.array(link).nullish() }).nullish(),
})
export const thermal = z.object({
  Temperatures: z
    .array(z.object({ MemberId: text, Name: text, ReadingCelsius: number, Status: status }))
    .nullish(),
  Fans: z
    .array(
      z.object({
        MemberId: text,
        Name: text,
        FanName: text,
        Reading: number,
        ReadingUnits: text,
        Status: status,
      }),
    )
    .nullish(),
})
export const power = z.object({
  PowerControl: z.array(z.object({ PowerConsumedWatts: number })).nullish(),
  PowerSupplies: z
    .array(
      z.object({
        MemberId: text,
        Name: text,
        Manufacturer: text,
        Model: text,
        SerialNumber: text,
        PowerCapacityWatts: number,
        PowerInputWatts: number,
        LineInputVoltage: number,
        Status: status,
      }),
    )
    .nullish(),
})
export const manager = z.object({ Id: z.string(), FirmwareVersion: text, Model: text, ManagerType: text })

export type System = z.infer<typeof system>
export type Status = z.infer<typeof status>

/** What one system has. */
export interface Machine {
  system: System
  processors: z.infer<typeof processor>[]
  memory: z.infer<typeof memory>[]
  nics: z.infer<typeof nic>[]
  drives: z.infer<typeof drive>[]
  thermals: z.infer<typeof thermal>[]
  powers: z.infer<typeof power>[]
}
export interface Controller {
  machines: Machine[]
  managers: z.infer<typeof manager>[]
}
