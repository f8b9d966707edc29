/** What the others serve: the message that Plenum tells of an alert, from objects in memory. */
export const typeDefs = /* GraphQL */ `
  type Resource {
    id: ID!
    kind: String!
    name: String!
  }
  type Alert {
    id: ID!
    ruleName: String!
    state: String!
    severity: String!
    summary: String!
    startsAt: String!
    resource: Resource
  }
  type AlertEvent {
    cursor: String!
    at: String!
    alert: Alert
  }
  type Query {
    cursor: String
  }
  type Subscription {
    alertChanged: AlertEvent
  }
`

let count = 0

export const toEvent = (summary) => ({
  cursor: `0123abcd.${++count}`,
  at: new Date().toISOString(),
  alert: {
    id: `alert.${count % 20}`,
    ruleName: 'Bench',
    state: 'FIRING',
    severity: 'INFO',
    summary,
    startsAt: '2026-01-01T00:00:00.000Z',
    resource: { id: '42', kind: 'Server', name: 'bench-1' },
  },
})
