/** A server of a cloud as steps: the group of all members, its port, its volumes, itself, an address that leads to it. Each is made and ended by itself. Pure. */
import type { NewStep } from '../../operation/index.ts'
import type { ServerForm } from './form.ts'
import { commonNameOf, nameOf, type Place } from './name.ts'

export function serverSteps(form: ServerForm, place: Place): NewStep[] {
  const { source, region, network, address, securityGroups, volumes, floatingNetwork, group, ...rest } = form
  const at = { source, ...(region === undefined ? {} : { region }) }
  const own = (part: string) => nameOf(place, part)
  const groupName = commonNameOf(place, 'group')
  const volumeNames = volumes.map((_, number) => own(`volume-${number + 1}`))
  const server: NewStep = {
    kind: 'server',
    name: own('server'),
    parameters: (operationId, epoch) => ({
      ...at,
      ...rest,
      labels: place.labels,
      ...(network === undefined ? {} : { port: own('port')(operationId, epoch) }),
      volumes: volumeNames.map((name) => name(operationId, epoch)),
      ...(group === undefined ? {} : { group: groupName(operationId, epoch) }),
    }),
  }
  return [
    ...(group === undefined || !place.isFirst
      ? []
      : [{ kind: 'serverGroup', name: groupName, parameters: { ...at, policy: group } }]),
    ...(network === undefined
      ? []
      : [{ kind: 'port', name: own('port'), parameters: { ...at, network, address, securityGroups } }]),
    ...volumes.map((volume, number) => ({
      kind: 'volume',
      name: volumeNames[number]!,
      parameters: { ...at, ...volume },
    })),
    server,
    ...(floatingNetwork === undefined
      ? []
      : [
          {
            kind: 'floatingIp',
            name: own('address'),
            parameters: (operationId: number, epoch: string) => ({
              ...at,
              network: floatingNetwork,
              port: own('port')(operationId, epoch),
            }),
          },
        ]),
  ]
}
