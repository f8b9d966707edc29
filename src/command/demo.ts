import { parseArgs } from 'node:util'
import { loadConfig } from '../config.ts'
import {
  DoorClosed,
  doorPath,
  DoorRefusal,
  knock,
  type DemoRequest,
  type FaultBegun,
  type FaultEnded,
  type FaultList,
} from '../demo/index.ts'
import { print, Refusal, untilInterrupted, type Command } from './command.ts'
import { serveUntilEnd } from './serve.ts'

export const demo: Command = {
  usage: `demo
  Answers with the sample datacenter, whatever the real database holds. Its switches and servers answer SNMP on 127.x addresses.
demo fault [NAME [TARGET]] [--off]
  Breaks something in the running sample datacenter, or mends it; without NAME: what can be broken and what is.`,
  run: async (args) => {
    if (args[0] === 'fault') return fault(args.slice(1))
    if (args.length > 0) throw new Refusal(`plenum demo takes nothing, or fault: not ${args[0]}`)
    return serveUntilEnd(async (site) => {
      if (!site.embedded)
        throw new Refusal('The sample datacenter lives in the embedded Postgres only: unset DATABASE_URL')
      return 'plenum_demo'
    })
  },
}

async function fault(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { off: { type: 'boolean', default: false } },
  })
  const [name, ...rest] = positionals
  if (name === undefined) {
    if (values.off) throw new Refusal('Name the fault that is to end: plenum demo fault lists them')
    await print(formatList((await tell({ do: 'list' })) as FaultList))
    return 0
  }
  const target = rest.length === 0 ? {} : { target: rest.join(':') }
  await print(
    values.off
      ? formatEnded((await tell({ do: 'end', fault: name, ...target })) as FaultEnded)
      : formatBegun(name, (await tell({ do: 'begin', fault: name, ...target })) as FaultBegun),
  )
  return 0
}

async function tell(request: DemoRequest): Promise<unknown> {
  const { dataFolder } = loadConfig(process.env)
  const signal = AbortSignal.any([untilInterrupted(), AbortSignal.timeout(30_000)])
  try {
    return await knock(doorPath(dataFolder), request, signal)
  } catch (error) {
    if (error instanceof DoorRefusal) throw new Refusal(error.message)
    if (error instanceof DoorClosed)
      throw new Refusal(
        `No sample datacenter runs on ${dataFolder}: start one with plenum demo, or name its folder by PLENUM_DATA_DIR`,
      )
    throw error
  }
}

function formatList({ kinds, on }: FaultList): string {
  const width = Math.max(...kinds.map(({ name, target }) => `${name} ${target ?? ''}`.length)) + 2
  const lines = kinds.flatMap(({ name, target, summary, usual }) => [
    `  ${`${name} ${target ?? ''}`.padEnd(width)}${summary}`,
    ...(target === null ? [] : [`  ${''.padEnd(width)}without a target: ${usual}`]),
  ])
  const now = on.map(
    ({ fault: name, target, since }) => `  ${`${name} ${target}`.padEnd(width)}since ${since}`,
  )
  return [
    'What can be broken: plenum demo fault NAME [TARGET], and mended with --off',
    ...lines,
    '',
    on.length === 0 ? 'Nothing is broken now.' : 'Broken now:',
    ...now,
    '',
  ].join('\n')
}

const incidents =
  'subscription { incidentChanged(snapshot: true) { incident { state summary cause { kind name } alerts { totalCount } impact(first: 3) { totalCount nodes { kind name } } } } }'

function formatBegun(name: string, { said, target, queries, watch }: FaultBegun): string {
  return [
    said,
    '',
    'Look at it:',
    ...queries.map((query) => `  bin/plenum query '${query}'`),
    'Follow what happens, in another terminal:',
    `  bin/plenum query '${watch}'`,
    'And what people would be told of it, if it lasts:',
    `  bin/plenum query '${incidents}'`,
    'Mend it:',
    `  bin/plenum demo fault ${[name, target].filter(Boolean).join(' ')} --off`,
    '',
  ].join('\n')
}

const formatEnded = ({ ended }: FaultEnded): string =>
  ended.map(({ fault: name, target }) => `Mended: ${[name, target].filter(Boolean).join(' ')}\n`).join('')
