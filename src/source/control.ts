/** The port's other half: what a driver may change in its system, with `control: true` only. */

/** What is to be made: its shape is the driver's, checked by it. */
export interface ActorSpec {
  kind: string
  [property: string]: unknown
}
/** Something that bears a name which an actor gave. */
export interface MadeThing {
  /** That of its spec. */
  kind: string
  name: string
  /** As `create` told it. */
  key: string
}
/** Makes and ends things in a backend. Both may be repeated: a name is made once and ended wholly. */
export interface Actor {
  /** `isUnderWay`: it takes its time; asked again it goes on, and says so until it is there. */
  create(spec: ActorSpec, name: string, signal: AbortSignal): Promise<{ key: string; isUnderWay?: boolean }>
  /** `made`: what it was made of, where that is known: where to look for it. What it was not made of by then is not relied on. */
  destroy(name: string, signal: AbortSignal, made?: ActorSpec): Promise<void>
  /** All that the backend has of what actors made, whoever's: only reads. */
  made(signal: AbortSignal): Promise<MadeThing[]>
}

export const powers = ['ON', 'OFF', 'RESTART'] as const
export type Power = (typeof powers)[number]
/** Switches what has a key on and off. May be repeated, and is done when the thing is so. `force`: without asking its system to end by itself. */
export interface PowerSwitch {
  /** Whether that is a thing that it switches. */
  knows(key: string): boolean
  set(key: string, to: Power, how: { force: boolean }, signal: AbortSignal): Promise<void>
}

/** How far something is that was asked for: nothing is left to do, it was asked for just now, or it is under way. */
export type Progress = 'done' | 'asked' | 'underWay'
/** Moves machines that stand, one look at a time: asked again it goes on. `mayAsk`: false where it was asked for already and was given up there: then it throws. */
export interface Mover {
  /** Whether that is a machine that it moves. */
  knows(key: string): boolean
  /** The host that has it now. */
  hostOf(key: string, signal: AbortSignal): Promise<string | undefined>
  move(key: string, where: MoveOrder, mayAsk: boolean, signal: AbortSignal): Promise<Progress>
  /** Gives up what is under way; what has come to another host stays there. */
  stay(key: string, from: string, signal: AbortSignal): Promise<Progress>
  knowsHost(key: string): boolean
  /** Nothing new comes to the host from now on, for the reason `name`; where that is so for another reason it stays so. */
  closeHost(host: string, name: string, signal: AbortSignal): Promise<void>
  /** Takes that back: only what was done for the reason `name`, or all where none is given. */
  openHost(host: string, name: string | undefined, signal: AbortSignal): Promise<void>
  machinesOn(host: string, signal: AbortSignal): Promise<{ key: string; name: string }[]>
}
export interface MoveOrder {
  /** The keys of hosts. */
  from: string
  /** Default: where its system finds room. */
  to?: string | undefined
  /** While it runs; default where it does. */
  isLive?: boolean | undefined
}

/** Of a machine of a cloud the flavor, of one of an engine the limits. */
export interface MachineSize {
  flavor?: string | undefined
  cpuCores?: number | undefined
  memoryBytes?: number | undefined
}
export interface Resizing {
  from: MachineSize
  to: MachineSize
}
/** Makes machines that stand larger or smaller; looks and asks as a Mover does. */
export interface Resizer {
  knows(key: string): boolean
  /** What it has, and what it would have in the backend's own words; throws `bad` where there is no such size. */
  weigh(key: string, wish: MachineSize, signal: AbortSignal): Promise<Resizing>
  /** Until it can be tried. */
  resize(key: string, sizes: Resizing, mayAsk: boolean, signal: AbortSignal): Promise<Progress>
  /** For good: what was kept to go back is given up. */
  confirm(key: string, sizes: Resizing, signal: AbortSignal): Promise<Progress>
  /** Back to what it had, also after it was confirmed. What has a third size by now keeps it. */
  revert(key: string, sizes: Resizing, mayAsk: boolean, signal: AbortSignal): Promise<Progress>
}
