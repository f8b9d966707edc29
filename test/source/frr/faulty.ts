/** Stands before a real vtysh: runs it, and fails before or after it, or runs it late, as it is told to. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Fault } from '../openstack/tenant.ts'

export interface Faulty {
  command: string[]
  /** Of `make` and `end`; with a number only from the so-manieth such change on: `make 2`. */
  fault(what: string, how: Fault): void
  /** No faults from now on. */
  heal(): void
  /** What was to be run late is run now. */
  deliver(): void
  close(): void
}

const script = (folder: string, real: string) => `#!/bin/sh
case "$*" in
  *'configure terminal'*'no neighbor'*) what=end ;;
  *'configure terminal'*) what=make ;;
  *) exec ${real} "$@" ;;
esac
cd ${folder} || exit 7
echo >> count.$what
count=$(wc -l < count.$what)
while [ "$count" -ge 0 ]; do
  name="fault.$what $count"
  [ "$count" = 0 ] && name="fault.$what"
  if [ -f "$name" ]; then
    how=$(cat "$name")
    case "$how" in *once) rm "$name" ;; esac
    break
  fi
  count=$((count - 1))
done
case "$how" in
  before*) exit 7 ;;
  late) printf '%s\\n' "$@" > late.$$; exit 7 ;;
  after*) ${real} "$@" > /dev/null; exit 7 ;;
esac
exec ${real} "$@"
`

export function startFaulty(real: readonly string[]): Faulty {
  const folder = mkdtempSync(join(tmpdir(), 'vtysh-'))
  const program = join(folder, 'vtysh')
  writeFileSync(program, script(folder, real.join(' ')), { mode: 0o755 })
  const filesOf = (start: string) => readdirSync(folder).filter((name) => name.startsWith(start))
  return {
    command: [program],
    fault: (what, how) => writeFileSync(join(folder, `fault.${what}`), how),
    heal() {
      for (const name of filesOf('fault.')) rmSync(join(folder, name))
    },
    deliver() {
      for (const name of filesOf('late.')) {
        const words = readFileSync(join(folder, name), 'utf8').trimEnd().split('\n')
        rmSync(join(folder, name))
        execFileSync(real[0]!, [...real.slice(1), ...words], { stdio: 'ignore' })
      }
    },
    close: () => rmSync(folder, { recursive: true, force: true }),
  }
}
