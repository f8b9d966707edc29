/* global React, ReactDOM, GraphiQL */
const $ = (id) => document.getElementById(id)
const storageKey = 'plenum-token'
let root

/** Who the token is; throws what to tell when it is no good. */
async function whoIs(token) {
  const answer = await fetch('/graphql', {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({ query: '{ viewer { name role } }' }),
  })
  const { data, errors } = await answer.json()
  if (!data?.viewer) throw new Error(errors?.[0]?.message ?? 'The token was refused')
  return data.viewer
}

async function readSamples() {
  const text = await (await fetch('/graphiql/samples.graphql')).text()
  return text
    .split(/^(?=## )/m)
    .filter((part) => part.startsWith('## '))
    .map((part) => ({ query: part.replace(/^## /, '# ').trim() + '\n' }))
}

function createFetcher(token) {
  const authorization = `Bearer ${token}`
  return GraphiQL.createFetcher({
    url: '/graphql',
    headers: { authorization },
    subscriptionUrl: `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/graphql`,
    wsConnectionParams: { authorization },
  })
}

async function open(token) {
  const viewer = await whoIs(token)
  sessionStorage.setItem(storageKey, token)
  $('who').textContent = `${viewer.name} (${viewer.role.toLowerCase()})`
  $('login').hidden = true
  $('bar').hidden = false
  root = ReactDOM.createRoot($('graphiql'))
  root.render(
    React.createElement(GraphiQL, {
      fetcher: createFetcher(token),
      defaultTabs: await readSamples(),
      defaultEditorToolsVisibility: false,
      shouldPersistHeaders: false,
    }),
  )
}

function close(problem = '') {
  sessionStorage.removeItem(storageKey)
  root?.unmount()
  $('bar').hidden = true
  $('login').hidden = false
  $('problem').textContent = problem
  $('token').value = ''
  $('token').focus()
}

$('login').addEventListener('submit', (event) => {
  event.preventDefault()
  open($('token').value.trim()).catch((error) => close(error.message))
})
$('logout').addEventListener('click', () => close())

const kept = sessionStorage.getItem(storageKey)
if (kept === null) close()
else open(kept).catch((error) => close(error.message))
