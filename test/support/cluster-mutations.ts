import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Replacement } from '../fixtures/mutate.ts'

/** The variables of a server in whose code these texts are replaced. */
export function replacing(replacements: readonly Replacement[]): Record<string, string> {
  if (replacements.length === 0) return {}
  const hook = pathToFileURL(join(import.meta.dirname, '../fixtures/mutate.ts')).href
  return { NODE_OPTIONS: `--import=${hook}`, TEST_REPLACEMENTS: JSON.stringify(replacements) }
}

const functions = 'store/postgres/append-functions.ts'
const simple = 'store/postgres/apply-simple.ts'
const lane = 'store/postgres/append-lane.ts'

/** The store does not ask whose the session is. */
export const withoutEpoch: readonly Replacement[] = [
  {
    file: functions,
    from: `not w ? 'fence' or owner = w #>> '{fence,owner}' and epoch = (w #>> '{fence,epoch}')::bigint`,
    to: 'true',
  },
  {
    file: simple,
    from: `(not w.value ? 'fence' or s.owner = w.value #>> '{fence,owner}' and s.epoch = (w.value #>> '{fence,epoch}')::bigint)`,
    to: 'true',
  },
]

/** The store does not ask where the log ends. */
export const withoutLastSequence: readonly Replacement[] = [
  { file: functions, from: 'and last_sequence = expected and', to: 'and', times: 2 },
  { file: simple, from: `and s.last_sequence = (expected ->> (w.value ->> 'session'))::bigint`, to: '' },
]

/** The warden renews the lease and ends no process. */
export const withoutWarden: readonly Replacement[] = [
  { file: 'cluster/warden/warden.ts', from: 'await this.#parts.killTrees()', to: 'true' },
]

const appended = 'return rows[0].results'

/** The node stops itself when the database has answered a write with this word. */
export const stopsAt = (word: string, then = ''): Replacement => ({
  file: lane,
  from: appended,
  to: `if ((first + then).includes(${JSON.stringify(word)})) process.kill(process.pid, 'SIGSTOP')
        ${then}
        ${appended}`,
})

/** Writes in a transaction of several round trips, which no timeout of the database ends. */
export const inTwoRoundTrips = (word: string): readonly Replacement[] => [
  { file: lane, from: 'wasSent = true', to: `wasSent = true\n        await client.query('begin')` },
  stopsAt(word, `await client.query('commit')`),
  { file: 'store/postgres/driver.ts', from: 'Math.ceil(silentMs ?? 60_000)', to: '0' },
]
