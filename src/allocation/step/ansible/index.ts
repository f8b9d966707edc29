/**
 * A configuration by a playbook of Ansible, which an administrator has put into the folder `allocation.playbooks`. It may run twice, as playbooks may. A host that is not reached is
 * tried for a while: machines boot.
 */
import { access } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { invalidInput } from '../../../errors.ts'
import type { NewStep } from '../../../operation/index.ts'
import type { StepContext, StepKind } from '../../../operation/operation.ts'
import { readSecret, Redactor, secretsOf } from '../../../source/index.ts'
import { SourceError } from '../../../source/source.ts'
import { fill, fillValue, type Blueprint, type Values } from '../../blueprint/index.ts'
import type { AnsibleForm } from '../form.ts'
import { aboutOf, nameOf, type About, type Place } from '../name.ts'
import { runPlaybook, type Playbook } from './playbook.ts'

type Parameters = AnsibleForm & { about: About }
type Action = 'configure' | 'undo' | 'release'

const hostName = /^[A-Za-z0-9]([A-Za-z0-9.:_-]{0,251}[A-Za-z0-9])?$/
const userName = /^[A-Za-z0-9_][A-Za-z0-9_.@\\-]{0,127}$/
/** What Jinja would read as more than a text: whoever asks must not speak to it. */
const templated = /\{[{%#]/

export function ansibleStep(form: AnsibleForm, values: Values, place: Place): NewStep {
  const refuse = (what: string) => invalidInput(`${what}, with these parameters`, 'request.parameters')
  const host = fill(form.host, values)
  if (!hostName.test(host))
    throw refuse(`What ${form.playbook} is to configure is no address or name of a host`)
  const user = form.user === undefined ? undefined : fill(form.user, values)
  if (user !== undefined && !userName.test(user)) throw refuse('The user is no name of one')
  const port = form.port === undefined ? undefined : Number(fill(String(form.port), values))
  if (port !== undefined && !(Number.isInteger(port) && port >= 1 && port <= 65_535))
    throw refuse('The port is none')
  const variables = Object.fromEntries(
    Object.entries(form.variables).map(([name, value]) => {
      const filled = typeof value === 'string' ? fillValue(value, values) : value
      if (templated.test(String(filled)))
        throw refuse(`The variable ${name} would be read as a template, for there is {{, {% or {# in it`)
      return [name, filled]
    }),
  )
  const parameters = { ...form, host, user, port, variables, about: aboutOf(values) }
  return { kind: 'ansible', name: nameOf(place, 'ansible'), parameters }
}

const longestMs = 90_000_000
const lookAgain = { firstMs: 1_000, mostMs: 15_000 }

/** `folder`: where the playbooks are. What is taken back is not taken back once more: its address may be another's by then. */
export const ansibleKinds = (folder: string | undefined): readonly StepKind[] => [
  {
    ...{ kind: 'ansible', timeoutMs: longestMs, sweeps: false },
    run: (parameters, context) => configure(folder, parameters as unknown as Parameters, context),
    undo: async (parameters, context) =>
      void (await play(folder, parameters as unknown as Parameters, 'undo', context)),
  },
  {
    ...{ kind: 'ansible.end', timeoutMs: longestMs, sweeps: false },
    run: (parameters, context) => play(folder, parameters as unknown as Parameters, 'release', context),
    undo: async () => {},
  },
]

async function configure(
  folder: string | undefined,
  parameters: Parameters,
  context: StepContext,
): Promise<Record<string, unknown>> {
  const until = performance.now() + parameters.reach * 1_000
  for (let waitMs = lookAgain.firstMs; ; waitMs = Math.min(2 * waitMs, lookAgain.mostMs))
    try {
      return await play(folder, parameters, 'configure', context)
    } catch (error) {
      if (!(error instanceof SourceError) || error.failure !== 'unreachable') throw error
      if (performance.now() + waitMs >= until) throw new SourceError('bad', error.message)
      context.tell?.(null, error.message)
      await delay(waitMs, undefined, { signal: context.signal })
    }
}

async function play(
  folder: string | undefined,
  { about, ...form }: Parameters,
  action: Action,
  { name, signal, tell = () => {} }: StepContext,
): Promise<Record<string, unknown>> {
  const file = action === 'configure' ? form.playbook : form.undo
  if (file === undefined) return {}
  if (folder === undefined)
    throw new SourceError('bad', 'allocation.playbooks is not set where this process runs')
  const key = form.privateKey === undefined ? undefined : await readSecret(form.privateKey, signal)
  const secrets = await secretsOf(form.secrets)
  const redactor = new Redactor()
  for (const secret of Object.values(secrets)) redactor.add(secret)
  const limit = AbortSignal.timeout(form.within * 1_000)
  try {
    const playbook = { folder, file, key, ...inventoryOf(form, { ...about, action, step: name }, secrets) }
    return await runPlaybook(playbook, {
      signal: AbortSignal.any([signal, limit]),
      tell: (progress, message) => tell(progress, redactor.clean(message)),
    })
  } catch (error) {
    if (limit.aborted && !signal.aborted)
      throw new SourceError('bad', `${file} was not through within ${form.within} s`)
    throw redactor.cleanError(error)
  }
}

/** Values are marked as texts that are no templates, also those that an administrator wrote: a password may look like one. */
function inventoryOf(
  { host, user, port, connection, become, groups, variables }: Omit<Parameters, 'about'>,
  about: About & { action: Action; step: string },
  secrets: Record<string, string>,
): Pick<Playbook, 'inventory' | 'variables'> {
  const own = {
    ...{ ansible_host: host, ansible_connection: connection, ansible_become: become },
    ...(user === undefined ? {} : { ansible_user: user }),
    ...(port === undefined ? {} : { ansible_port: port }),
  }
  const hosts = { [host]: own }
  const children = Object.fromEntries(groups.map((group) => [group, { hosts: { [host]: {} } }]))
  return {
    inventory: { all: { hosts, children } },
    variables: plain({ ...variables, ...secrets, plenum: about }),
  }
}

const plain = (values: object): object =>
  Object.fromEntries(
    Object.entries(values).map(([name, one]: [string, unknown]) => [
      name,
      typeof one === 'string' ? { __ansible_unsafe: one } : typeof one === 'object' ? plain(one!) : one,
    ]),
  )

/** INVALID_INPUT names the first blueprint whose playbook is not there. */
export async function checkPlaybooks(
  blueprints: Iterable<Blueprint>,
  folder: string | undefined,
): Promise<void> {
  for (const { blueprint, steps } of blueprints)
    for (const { ansible } of steps)
      for (const file of [ansible?.playbook, ansible?.undo]) {
        if (file === undefined) continue
        if (folder === undefined)
          throw invalidInput(
            `The blueprint ${blueprint} has the playbook ${file}: set allocation.playbooks to the folder of playbooks`,
            'allocation.playbooks',
          )
        await access(join(folder, file)).catch((error: NodeJS.ErrnoException) => {
          throw invalidInput(
            `The blueprint ${blueprint} has the playbook ${join(folder, file)}, which cannot be read (${error.code})`,
            'allocation.playbooks',
          )
        })
      }
}
