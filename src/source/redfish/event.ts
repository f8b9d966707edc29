/**
 * What a controller tells by itself, where its EventService has Server-Sent Events: a read that goes on, so nothing is changed there, as a subscription would. Each event is kept, and
 * the controller is asked again at once.
 */
import { z } from 'zod'
import type { Notice } from '../source.ts'
import type { Client } from './client.ts'

const text = z.string().nullish()
const event = z.object({
  Events: z.array(
    z.object({
      EventType: text,
      MessageId: text,
      Message: text,
      Severity: text,
      MessageSeverity: text,
      OriginOfCondition: z.object({ '@odata.id': text }).nullish(),
    }),
  ),
})

/** A controller that tells more at once is cut. */
const mostAtOnce = 50
const mostText = 1_000
/** What is no event yet after so much is none. */
const mostHeld = 256 * 1_024

/** Ends when the controller has no events, throws when they break off. */
export async function follow(
  client: Client,
  hear: (notices: Notice[]) => void,
  signal: AbortSignal,
): Promise<void> {
  const path = await client.eventPath(signal)
  if (path === undefined) return
  let held = ''
  for await (const line of client.events(path, signal)) {
    // Another event begins: what there is of the one before is none.
    if (!line.startsWith('data:')) {
      held = ''
      continue
    }
    held += line.slice('data:'.length).trim()
    const notices = toNotices(held)
    if (notices === undefined && held.length < mostHeld) continue
    held = ''
    if (notices !== undefined && notices.length > 0) hear(notices)
  }
  throw new Error('the events ended')
}

/** Undefined while it is not whole: one event may be told in several lines. */
export function toNotices(data: string): Notice[] | undefined {
  let told: unknown
  try {
    told = JSON.parse(data)
  } catch {
    return undefined
  }
  const parsed = event.safeParse(told)
  if (!parsed.success) return []
  return parsed.data.Events.slice(0, mostAtOnce).map((one) => ({
    notice: 'RedfishEvent',
    detail: Object.fromEntries(
      Object.entries({
        type: one.EventType,
        messageId: one.MessageId,
        message: one.Message,
        severity: one.MessageSeverity ?? one.Severity,
        origin: one.OriginOfCondition?.['@odata.id'],
      }).flatMap(([key, value]) => (value ? [[key, value.slice(0, mostText)]] : [])),
    ),
  }))
}
