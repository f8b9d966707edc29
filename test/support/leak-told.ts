/** What subscriptions of a tenant are told over the real door, from a cursor on or live, until they have told of the last thing that happens. */
import { openSocket } from './socket.ts'

const brief = '{ id name owner kind }'
const link = `{ from ${brief} to ${brief} }`
const changes = 'changes { path before after }'
const alert = `summary labels { key value } silencedBy { comment } rule { name } resource ${brief}`
const incident = `summary acknowledgedBy cause ${brief} alerts(first: 100, state: [PENDING, FIRING, RESOLVED]) { totalCount nodes { ${alert} } }
  impact(first: 50) { totalCount nodes ${brief} } changesBefore(first: 50) { totalCount nodes { name resourceId ${changes} } } timeline { summary actor alertCount cause ${brief} }`
const events = `cursor events { __typename actor ... on Created { resource ${brief} } ... on Updated { resource ${brief} ${changes} } ... on Left { id } ... on Deleted { id name }
  ... on LinkAdded { link ${link} } ... on LinkRemoved { removed: id } }`

/** Each with what it goes on from. */
const followed = {
  resourceChanged: (from: string) => `subscription { resourceChanged(${from}) { ${events} } }`,
  events: (from: string) =>
    `subscription { events(${from}) { type actor resourceId detail resource ${brief} link ${link} ${changes} } }`,
  alertChanged: (from: string) =>
    `subscription { alertChanged(${from}, filter: { state: [PENDING, FIRING, RESOLVED] }) { alert { ${alert} incident { ${incident} } } } }`,
  incidentChanged: (from: string) =>
    `subscription { incidentChanged(${from}, filter: { state: [OPEN, ACKNOWLEDGED, CLOSED] }) { incident { ${incident} } } }`,
  operationChanged: (from: string) =>
    `subscription { operationChanged(${from}, filter: {}) { operation { id startedBy steps { name } allocation { id name createdBy resources ${brief} claims { pool unit provider ${brief} } } } } }`,
}
const live = {
  readings: `subscription { readings(filter: {}, metric: ["load"]) { dropped resources { ...on Resource ${brief} readings { value source ${brief} } } } }`,
}

export interface Told {
  question: string
  text: string
}

export interface Following {
  /** When each has told of `last`. */
  ended: Promise<Told[]>
  close(): Promise<void>
}

/** `after`: replayed from there; undefined: the present state, and what happens from now on. */
export function followAll(url: string, secret: string, after: string | undefined, last: string): Following {
  const socket = openSocket(url, secret)
  const questions = Object.entries(followed).map(([name, ask]) =>
    ask(after === undefined ? (name === 'events' ? 'type: null' : 'snapshot: true') : `after: "${after}"`),
  )
  const all = after === undefined ? [...questions, ...Object.values(live)] : questions
  const follow = async (question: string): Promise<Told> => {
    let text = ''
    for await (const message of socket.iterate(question)) {
      text += `${JSON.stringify(message)}\n`
      if (text.includes(last)) break
    }
    return { question, text }
  }
  return { ended: Promise.all(all.map(follow)), close: () => socket.close() }
}
