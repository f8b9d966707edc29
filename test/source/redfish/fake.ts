/** A management controller over HTTP, in the shapes of real ones: one machine with what is in it. Its storage is told on two pages. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { json } from 'node:stream/consumers'

const ok = { State: 'Enabled', Health: 'OK' }
const at = (path: string) => ({ '@odata.id': `/redfish/v1/${path}` })
const all = (...paths: string[]) => ({ Members: paths.map(at), 'Members@odata.count': paths.length })

export class FakeController {
  password = 'hush-hush-controller-password'
  /** Answers 500 for these paths, as firmware does. */
  readonly broken = new Set<string>()
  readonly requests: string[] = []
  powerState = 'On'
  readonly resets: string[] = []
  readonly #listeners = new Set<ServerResponse>()
  /** Whether it tells events by itself. */
  hasEvents = true

  get listeners(): number {
    return this.#listeners.size
  }

  /** Lines as they go over the wire. */
  tell(...lines: string[]): void {
    for (const response of this.#listeners) response.write(`${lines.join('\n')}\n\n`)
  }

  cutListeners(): void {
    for (const response of this.#listeners) response.destroy()
    this.#listeners.clear()
  }
  /** Refuses to be switched. */
  refused = false
  celsius = 24
  readonly system: Record<string, unknown> = {
    Id: '437XR1138R2',
    Name: 'WebFrontEnd483',
    HostName: 'web483',
    Manufacturer: 'Contoso',
    Model: '3500RX',
    SKU: '8675309',
    SerialNumber: '437XR1138R2',
    AssetTag: 'Chicago-45Z-2381',
    UUID: '38947555-7742-3448-3784-823347823834',
    BiosVersion: 'P79 v1.45 (12/06/2017)',
    Status: ok,
    ProcessorSummary: {
      Count: 2,
      CoreCount: 16,
      LogicalProcessorCount: 32,
      Model: 'Multi-Core Intel(R) Xeon(R)',
    },
    MemorySummary: { TotalSystemMemoryGiB: 96 },
  }
  readonly nics = [
    {
      Id: 'NIC.1',
      MACAddress: '12:44:6A:3B:04:11',
      PermanentMACAddress: '12:44:6A:3B:04:11',
      SpeedMbps: 10_000,
      LinkStatus: 'LinkUp',
      InterfaceEnabled: true,
      Status: ok,
    },
  ]

  answer = (request: IncomingMessage, response: ServerResponse): void => {
    const path = new URL(request.url!, 'http://bmc').pathname.replace(/^\/redfish\/v1\/?/, '')
    this.requests.push(path)
    const say = (status: number, body: unknown) =>
      void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    if (
      request.headers.authorization !== `Basic ${Buffer.from(`reader:${this.password}`).toString('base64')}`
    )
      return say(401, { error: {} })
    if (this.broken.has(path)) return say(500, { error: { code: 'Base.1.0.GeneralError' } })
    if (request.method === 'POST' && path.endsWith('/Actions/ComputerSystem.Reset'))
      return void this.#reset(request).then((status) => say(status, {}))
    if (path === 'EventService/SSE' && this.hasEvents) return this.#listen(response)
    const body = this.#tree()[path]
    say(body === undefined ? 404 : 200, body ?? { error: {} })
  }

  #listen(response: ServerResponse): void {
    this.#listeners.add(response)
    response.on('close', () => this.#listeners.delete(response))
    response.writeHead(200, { 'content-type': 'text/event-stream' }).write(': hello\n\n')
  }

  async #reset(request: IncomingMessage): Promise<number> {
    const { ResetType } = (await json(request)) as { ResetType: string }
    this.resets.push(ResetType)
    if (this.refused) return 409
    if (!['On', 'ForceOff', 'GracefulShutdown'].includes(ResetType)) return 400
    this.powerState = ResetType === 'On' ? 'On' : 'Off'
    return 204
  }

  #actions = (own: string): object => ({
    '#ComputerSystem.Reset': {
      target: `/redfish/v1/${own}/Actions/ComputerSystem.Reset`,
      'ResetType@Redfish.AllowableValues': ['On', 'ForceOff', 'GracefulShutdown'],
    },
  })

  #tree(): Record<string, unknown> {
    const id = String(this.system['Id'])
    const own = `Systems/${id}`
    const links = Object.fromEntries(
      ['Processors', 'Memory', 'EthernetInterfaces', 'Storage'].map((name) => [name, at(`${own}/${name}`)]),
    )
    return {
      '': {
        RedfishVersion: '1.6.0',
        Systems: at('Systems'),
        Chassis: at('Chassis'),
        Managers: at('Managers'),
        ...(this.hasEvents ? { EventService: at('EventService') } : {}),
      },
      EventService: { ServiceEnabled: true, ServerSentEventUri: '/redfish/v1/EventService/SSE' },
      Systems: all(own),
      [own]: { ...this.system, PowerState: this.powerState, ...links, Actions: this.#actions(own) },
      [`${own}/Processors`]: all(`${own}/Processors/CPU1`, `${own}/Processors/CPU2`),
      [`${own}/Processors/CPU1`]: {
        Id: 'CPU1',
        Socket: 'CPU 1',
        Manufacturer: 'Intel(R) Corporation',
        Model: 'Multi-Core Intel(R) Xeon(R)',
        TotalCores: 8,
        TotalThreads: 16,
        MaxSpeedMHz: 3700,
        Status: ok,
      },
      [`${own}/Processors/CPU2`]: { Id: 'CPU2', Socket: 'CPU 2', Status: { State: 'Absent' } },
      [`${own}/Memory`]: all(`${own}/Memory/DIMM1`),
      [`${own}/Memory/DIMM1`]: {
        Id: 'DIMM1',
        DeviceLocator: 'PROC 1 DIMM 1',
        Manufacturer: 'Contoso',
        SerialNumber: '7A12',
        CapacityMiB: 32_768,
        Status: ok,
      },
      [`${own}/EthernetInterfaces`]: all(...this.nics.map(({ Id }) => `${own}/EthernetInterfaces/${Id}`)),
      ...Object.fromEntries(this.nics.map((nic) => [`${own}/EthernetInterfaces/${nic.Id}`, nic])),
      [`${own}/Storage`]: { ...all(), 'Members@odata.nextLink': `/redfish/v1/${own}/StorageMore` },
      [`${own}/StorageMore`]: all(`${own}/Storage/1`),
      [`${own}/Storage/1`]: { Id: '1', Drives: [at(`${own}/Storage/1/Drives/0`), at('Chassis/gone')] },
      [`${own}/Storage/1/Drives/0`]: {
        Id: '0',
        Name: 'Drive 0',
        Manufacturer: 'Contoso',
        Model: 'C123',
        SerialNumber: '1234570',
        CapacityBytes: 899_527_000_000,
        Status: { State: 'Enabled', Health: 'Warning' },
      },
      Chassis: all('Chassis/U1'),
      'Chassis/U1': { Id: 'U1', Thermal: at('Chassis/U1/Thermal'), Power: at('Chassis/U1/Power') },
      'Chassis/U1/Thermal': {
        Temperatures: [{ MemberId: '0', Name: 'Inlet Temp', ReadingCelsius: this.celsius, Status: ok }],
        Fans: [{ MemberId: '0', Name: 'Fan 1', Reading: 2100, ReadingUnits: 'RPM', Status: ok }],
      },
      'Chassis/U1/Power': {
        PowerControl: [{ PowerConsumedWatts: 344 }],
        PowerSupplies: [
          {
            MemberId: '0',
            Name: 'PSU 1',
            SerialNumber: '1z0',
            PowerInputWatts: 180,
            LineInputVoltage: 120,
            Status: ok,
          },
        ],
      },
      Managers: all('Managers/BMC'),
      'Managers/BMC': { Id: 'BMC', FirmwareVersion: '1.45.455b66-rev4', Model: 'Joo Janta 200' },
    }
  }
}
