/** Mails to people: what they say, and their way over SMTP. */
import { createTransport } from 'nodemailer'
import type { Told } from './message.ts'

export interface Mail {
  subject: string
  text: string
  /** The same for the same thing told: who is sent it twice sees it once. */
  messageId: string
  /** Of what an incident is told belongs to its first mail. */
  inReplyTo?: string
}

const mostAlerts = 50

/** Pure. */
export function toMail(told: Told): Mail {
  const { incident, alerts, what, cause, externalUrl, nameOf, receiver } = told
  const head =
    what === 'resolved' ? 'RESOLVED' : what === 'escalation' ? 'NOT ACKNOWLEDGED' : incident.severity
  const idOf = (of: Told['what']): string =>
    `<incident.${incident.id}.${of}.${receiver}@${new URL(externalUrl).hostname}>`
  const lines = alerts.slice(0, mostAlerts).map((alert) => {
    const named = nameOf(alert)
    return `- ${alert.severity} ${alert.rule}${named ? `, ${named.kind} ${named.name}` : ''}: ${alert.summary}`
  })
  const more = alerts.length - lines.length
  return {
    subject: `[${head}] ${incident.summary}`,
    text: [
      incident.summary,
      '',
      `Cause: ${cause.kind} ${cause.name}${cause.site === null ? '' : `, site ${cause.site}`}${cause.tenant === null ? '' : `, tenant ${cause.tenant}`}`,
      `Since: ${new Date(incident.startsAt).toISOString()}`,
      ...(incident.endsAt === null ? [] : [`Until: ${new Date(incident.endsAt).toISOString()}`]),
      ...(incident.runbookUrl === null ? [] : [`Runbook: ${incident.runbookUrl}`]),
      `Incident: ${externalUrl}/?incident=${incident.id}`,
      '',
      'Alerts:',
      ...lines,
      ...(more > 0 ? [`and ${more} more`] : []),
      '',
    ].join('\n'),
    messageId: idOf(what),
    ...(what === 'firing' ? {} : { inReplyTo: idOf('firing') }),
  }
}

/** Throws what went wrong, without the address. */
export async function sendMail(
  url: string,
  { from, to }: { from: string; to: readonly string[] },
  { inReplyTo, ...mail }: Mail,
  deadlineMs: number,
  signal: AbortSignal,
): Promise<void> {
  const timeouts = { connectionTimeout: deadlineMs, greetingTimeout: deadlineMs, socketTimeout: deadlineMs }
  const { protocol, hostname, port, username, password } = new URL(url)
  const transport = createTransport({
    ...timeouts,
    host: hostname.replace(/^\[|\]$/g, ''),
    port: Number(port || (protocol === 'smtps:' ? 465 : 587)),
    secure: protocol === 'smtps:',
    ...(username === ''
      ? {}
      : { auth: { user: decodeURIComponent(username), pass: decodeURIComponent(password) } }),
  })
  const stop = (): void => transport.close()
  signal.addEventListener('abort', stop, { once: true })
  try {
    const thread = inReplyTo === undefined ? {} : { inReplyTo, references: inReplyTo }
    await within(transport.sendMail({ from, to: [...to], ...mail, ...thread }), deadlineMs, signal)
  } catch (error) {
    const { code, responseCode } = error as { code?: string; responseCode?: number }
    const why = responseCode === undefined ? (code ?? 'no answer in time') : `it answered ${responseCode}`
    throw new Error(`the mail was not taken (${why})`, { cause: error })
  } finally {
    signal.removeEventListener('abort', stop)
    transport.close()
  }
}

/** A server that drips keeps every single time. */
function within(sending: Promise<unknown>, deadlineMs: number, signal: AbortSignal): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const late = (): void => reject(new Error('too late'))
    const timer = setTimeout(late, deadlineMs)
    signal.addEventListener('abort', late, { once: true })
    sending.then(resolve, reject).finally(() => {
      clearTimeout(timer)
      signal.removeEventListener('abort', late)
    })
  })
}
