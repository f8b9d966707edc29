/** What of the sample answers over HTTP: the cloud of its virtual machines, and the container engine on one of them. */
import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createSampleCloud } from './sample-cloud.ts'
import { createSampleEngine } from './sample-engine.ts'

export { cloudPassword, cloudProject } from './sample-cloud.ts'
export { engineHost } from './sample-engine.ts'

export const faceNames = ['openstack', 'docker'] as const
export type FaceName = (typeof faceNames)[number]
/** The TCP ports on 127.0.0.1. */
export type FacePorts = Readonly<Record<FaceName, number>>

export interface Faces {
  readonly ports: FacePorts
  /** What is gone takes no connection and ends those that it has. */
  setGone(name: FaceName, isGone: boolean): void
  close(): Promise<void>
}

/** At `exact`, or nowhere; else near `near`, or where there is room. */
export async function startFaces(wish: { exact: FacePorts } | { near: number }): Promise<Faces> {
  const opened = new Map<FaceName, Face>()
  const close = async () => void (await Promise.all([...opened.values()].map((face) => face.close())))
  try {
    const cloud = createSampleCloud()
    const engine = createSampleEngine()
    const answers: Record<FaceName, RequestListener> = {
      openstack: (request, response) => cloud.handle(request, response),
      docker: engine.answer,
    }
    for (const [index, name] of faceNames.entries()) {
      const ports = 'exact' in wish ? [wish.exact[name]] : [wish.near + index * 100, 0]
      opened.set(name, await openAtOne(answers[name], ports))
    }
    cloud.url = `http://127.0.0.1:${opened.get('openstack')!.port}`
  } catch (error) {
    await close()
    throw error
  }
  return {
    ports: { openstack: opened.get('openstack')!.port, docker: opened.get('docker')!.port },
    setGone: (name, isGone) => opened.get(name)!.setGone(isGone),
    close,
  }
}

interface Face {
  port: number
  setGone(isGone: boolean): void
  close(): Promise<void>
}

async function openAtOne(answer: RequestListener, [port, ...others]: number[]): Promise<Face> {
  try {
    return await open(answer, port!)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE' || others.length === 0) throw error
    return openAtOne(answer, others)
  }
}

async function open(answer: RequestListener, port: number): Promise<Face> {
  let isGone = false
  const server = createServer(answer)
  server.on('connection', (socket) => {
    if (isGone) socket.destroy()
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    setGone(value) {
      isGone = value
      if (isGone) server.closeAllConnections()
    },
    async close() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}
