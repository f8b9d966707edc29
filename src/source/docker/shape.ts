/** What of an engine's answers is used. */
import { z } from 'zod'

const texts = z.record(z.string(), z.string()).nullish()

export const info = z.object({
  ID: z.string(),
  Name: z.string(),
  OperatingSystem: z.string().nullish(),
  NCPU: z.number().nullish(),
  MemTotal: z.number().nullish(),
  ServerVersion: z.string().nullish(),
})
const attachment = z.object({
  NetworkID: z.string().nullish(),
  IPAddress: z.string().nullish(),
  IPPrefixLen: z.number().nullish(),
  GlobalIPv6Address: z.string().nullish(),
  GlobalIPv6PrefixLen: z.number().nullish(),
  MacAddress: z.string().nullish(),
})
export const container = z.object({
  Id: z.string().min(1),
  Names: z.array(z.string()).nullish(),
  Image: z.string(),
  ImageID: z.string(),
  Created: z.union([z.number(), z.string()]).nullish(),
  State: z.string(),
  Labels: texts,
  Ports: z
    .array(
      z.object({
        IP: z.string().nullish(),
        PrivatePort: z.number(),
        PublicPort: z.number().nullish(),
        Type: z.string(),
      }),
    )
    .nullish(),
  HostConfig: z.object({ NetworkMode: z.string().nullish() }).nullish(),
  NetworkSettings: z.object({ Networks: z.record(z.string(), attachment).nullish() }).nullish(),
  Mounts: z
    .array(
      z.object({
        Type: z.string().nullish(),
        Name: z.string().nullish(),
        Source: z.string().nullish(),
        Destination: z.string(),
        RW: z.boolean().nullish(),
      }),
    )
    .nullish(),
})
export const image = z.object({
  Id: z.string().min(1),
  RepoTags: z.array(z.string()).nullish(),
  RepoDigests: z.array(z.string()).nullish(),
  Size: z.number(),
  Created: z.number().nullish(),
  Labels: texts,
})
export const network = z.object({
  Id: z.string().min(1),
  Name: z.string().min(1),
  Driver: z.string(),
  Scope: z.string().nullish(),
  Internal: z.boolean().nullish(),
  Labels: texts,
  IPAM: z
    .object({
      Config: z.array(z.object({ Subnet: z.string().nullish(), Gateway: z.string().nullish() })).nullish(),
    })
    .nullish(),
})
const volume = z.object({
  Name: z.string().min(1),
  Driver: z.string(),
  Mountpoint: z.string().nullish(),
  Labels: texts,
})
export const volumes = z.object({ Volumes: z.array(volume).nullish() })
export const version = z.object({ ApiVersion: z.string(), MinAPIVersion: z.string().nullish() })
export const event = z.object({
  Type: z.string(),
  Action: z.string(),
  Actor: z.object({ ID: z.string(), Attributes: texts }),
})

export type EngineInfo = z.infer<typeof info>
export type EngineContainer = z.infer<typeof container>
export type EngineImage = z.infer<typeof image>
export type EngineNetwork = z.infer<typeof network>
export type EngineVolume = z.infer<typeof volume>
export type EngineEvent = z.infer<typeof event>
