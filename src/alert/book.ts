/** What is open: alerts, incidents, silences, in the memory of every process, as the log tells it. Health of resources follows from it. */
import type { Logger } from 'pino'
import type { LoggedEvent } from '../event/event.ts'
import type { ResourceId } from '../resource/resource.ts'
import type { AlertImage, IncidentImage, SilenceImage } from './alert.ts'

export interface BookRows {
  alerts: { image: AlertImage; incidentId: number | null }[]
  incidents: IncidentImage[]
  silences: SilenceImage[]
}

export interface BookOptions {
  log: Logger
  /** All that is open; told again by events that were under way. */
  load(): Promise<BookRows>
  /** The alerts of these resources are others now. */
  changed(resourceIds: ReadonlySet<ResourceId>): void
  rulesChanged(): void
}

export class Book {
  readonly alerts = new Map<number, AlertImage>()
  readonly incidents = new Map<number, IncidentImage>()
  readonly silences = new Map<number, SilenceImage>()
  readonly #incidentOf = new Map<number, number>()
  readonly #byResource = new Map<ResourceId, Set<number>>()
  readonly #options: BookOptions
  #loading: Promise<void> | undefined
  /** What comes while it loads. */
  #meanwhile: LoggedEvent[] | undefined

  constructor(options: BookOptions) {
    this.#options = options
  }

  /** Of a resource, oldest first. */
  of(resourceId: ResourceId): AlertImage[] {
    return [...(this.#byResource.get(resourceId) ?? [])].map((id) => this.alerts.get(id)!)
  }

  incidentOf(alertId: number): IncidentImage | undefined {
    const id = this.#incidentOf.get(alertId)
    return id === undefined ? undefined : this.incidents.get(id)
  }

  get resourceIds(): Iterable<ResourceId> {
    return this.#byResource.keys()
  }

  /** Afresh from the tables; one at a time. */
  load(): Promise<void> {
    this.#loading ??= this.#loadNow().finally(() => (this.#loading = undefined))
    return this.#loading
  }

  async #loadNow(): Promise<void> {
    this.#meanwhile = []
    try {
      const rows = await this.#options.load()
      const former = [...this.#byResource.keys()]
      for (const map of [this.alerts, this.incidents, this.silences, this.#incidentOf, this.#byResource])
        map.clear()
      for (const { image } of rows.alerts) this.#setAlert(image)
      for (const incident of rows.incidents) this.#setIncident(incident)
      for (const silence of rows.silences) this.silences.set(silence.id, silence)
      const meanwhile = this.#meanwhile
      this.#meanwhile = undefined
      this.apply(meanwhile)
      this.#options.changed(new Set([...former, ...this.#byResource.keys()]))
    } finally {
      this.#meanwhile = undefined
    }
  }

  /** What is told twice changes nothing: an image is the whole. */
  apply(events: readonly LoggedEvent[]): void {
    if (this.#meanwhile !== undefined) return void this.#meanwhile.push(...events)
    const touched = new Set<ResourceId>()
    for (const { body } of events) {
      if (body.type === 'AlertChanged') {
        const image = body.detail as unknown as AlertImage
        this.#setAlert(image)
        if (image.resourceId !== null) touched.add(image.resourceId)
      } else if (body.type === 'IncidentChanged') {
        const incident = body.detail as unknown as IncidentImage
        this.#setIncident(incident)
        for (const id of incident.alertIds) {
          const resourceId = this.alerts.get(id)?.resourceId
          if (resourceId != null) touched.add(resourceId)
        }
      } else if (body.type === 'SilenceChanged') {
        const silence = body.detail as unknown as SilenceImage
        this.silences.set(silence.id, silence)
      } else if (body.type === 'RuleChanged') this.#options.rulesChanged()
    }
    if (touched.size > 0) this.#options.changed(touched)
  }

  #setAlert(image: AlertImage): void {
    const { id, resourceId, state } = image
    const own = resourceId === null ? undefined : this.#byResource.get(resourceId)
    if (state === 'RESOLVED') {
      this.alerts.delete(id)
      own?.delete(id)
      if (own?.size === 0) this.#byResource.delete(resourceId!)
      return
    }
    this.alerts.set(id, image)
    if (resourceId === null) return
    if (own) own.add(id)
    else this.#byResource.set(resourceId, new Set([id]))
  }

  #setIncident(incident: IncidentImage): void {
    for (const id of this.incidents.get(incident.id)?.alertIds ?? [])
      if (this.#incidentOf.get(id) === incident.id) this.#incidentOf.delete(id)
    if (incident.state === 'CLOSED') {
      this.incidents.delete(incident.id)
      return
    }
    this.incidents.set(incident.id, incident)
    for (const id of incident.alertIds) this.#incidentOf.set(id, incident.id)
  }
}
