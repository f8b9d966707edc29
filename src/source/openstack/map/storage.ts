/** Images and volumes, and the projects that hold all. */
import type { LinkClaim, Observation } from '../../../resource/resource.ts'
import type * as shape from '../shape.ts'
import { link, nameOr, ownedBy, present, toLabels } from './draft.ts'

const gibibyte = 2 ** 30

export const toProject = (
  one: shape.Project,
  domains: ReadonlyMap<string, string>,
  quota: Record<string, unknown> | undefined,
): Observation => ({
  key: `project/${one.id}`,
  kind: 'Tenant',
  name: one.name,
  fields: present({ tenantId: one.id, group: domains.get(one.domain_id ?? '') ?? one.domain_id }),
  attributes: present({ description: one.description, enabled: one.enabled, quota }),
})

export const toImage = (one: shape.Image): Observation => ({
  key: `image/${one.id}`,
  kind: 'Image',
  name: nameOr(one.name, 'image', one.id),
  fields: present({
    imageId: one.id,
    sizeBytes: one.size,
    osName: [one.os_distro, one.os_version].filter(Boolean).join(' '),
  }),
  labels: toLabels(Object.fromEntries((one.tags ?? []).map((tag) => [tag, 'true']))),
  attributes: present({ status: one.status, visibility: one.visibility, diskFormat: one.disk_format }),
  links: ownedBy(one.owner),
})

export const toVolume = (one: shape.Volume): Observation => ({
  key: `volume/${one.id}`,
  kind: 'Volume',
  name: nameOr(one.name, 'volume', one.id),
  fields: { volumeId: one.id, sizeBytes: one.size * gibibyte },
  attributes: present({
    status: one.status,
    type: one.volume_type,
    availabilityZone: one.availability_zone,
    bootable: one.bootable === true || one.bootable === 'true' ? true : undefined,
    encrypted: one.encrypted === true ? true : undefined,
    backend: one['os-vol-host-attr:host'],
  }),
  links: [
    ...(one.attachments ?? []).flatMap(({ server_id: server, device }): LinkClaim[] =>
      server
        ? [
            {
              type: 'ATTACHED_TO',
              to: { key: `server/${server}` },
              ...(device ? { attributes: { device } } : {}),
            },
          ]
        : [],
    ),
    ...link(
      'BOOTED_FROM',
      one.volume_image_metadata?.image_id ? `image/${one.volume_image_metadata.image_id}` : undefined,
    ),
    ...ownedBy(one['os-vol-tenant-attr:tenant_id']),
  ],
})
