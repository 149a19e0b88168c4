import { expect } from 'vitest'
import { type EventType, isTerminalEventType } from '../../src/contract/events.ts'
import type { ClusterReader, ReaderFault } from './cluster-clients.ts'
import type { Overlap } from './cluster-processes.ts'
import type { ClusterWatch, WatchedClaim, WatchedWrite } from './cluster-watch.ts'

/** What the storm has seen from outside. */
export interface Witnessed {
  /** Turns that a client was told of; several entries of one key must name the same turn. */
  acknowledged: readonly { key: string; turnId: string; sessionId: string }[]
  /** How often the model was given a prompt for the first time, by its fact. */
  told: ReadonlyMap<string, number>
  readers: readonly ClusterReader[]
  processes: { count: number; looks: number; overlaps: readonly (Overlap & { looks: number })[] }
  beats: { beats: number; overlaps: readonly Overlap[] }
}

export interface Invariant {
  name: string
  /** How often it was tried. */
  tried: number
  /** What broke it; empty: it holds. */
  faults: string[]
}

/** Fails with everything that broke an invariant; all but `untried` must have been tried. */
export function expectAll(invariants: readonly Invariant[], untried: RegExp = /^lost/): void {
  expect(invariants.flatMap(({ name, faults }) => faults.map(fault => `${name}: ${fault}`))).toEqual([])
  const idle = invariants.filter(({ name, tried }) => tried === 0 && !untried.test(name))
  expect(idle.map(({ name }) => name)).toEqual([])
}

interface Stored {
  turns: { id: string; session_id: string; status: string; started: boolean; ended: boolean }[]
  events: { session_id: string; sequence: number; type: string; turn_id: string | null }[]
  sessions: { id: string; last_sequence: number }[]
}

/** Checks the nine invariants of a cluster on what is stored, and on what its clients have seen. */
export async function checkInvariants(watch: ClusterWatch, witnessed: Witnessed): Promise<Invariant[]> {
  const stored = await readStored(watch)
  const [claims, writes] = [await watch.claims(), await watch.writes()]
  return [
    acknowledgedIsStored(stored, witnessed),
    oneEnd(stored),
    toldOnce(witnessed),
    wholeLogs(stored),
    risingEpochs(claims),
    oneWriter(writes),
    lostWasStarted(stored),
    noOverlap(witnessed),
    wholeReaders(stored, witnessed, writes),
  ]
}

async function readStored({ database }: ClusterWatch): Promise<Stored> {
  const rows = async (text: string) => (await database.query(text)).rows
  return {
    turns: await rows(
      `select id, session_id, status, started_at is not null as started, ended_at is not null as ended
        from claude_code_api.turns`,
    ),
    events: await rows(
      `select session_id, sequence::float8, type, turn_id from claude_code_api.events order by session_id, sequence`,
    ),
    sessions: await rows('select id, last_sequence::float8 from claude_code_api.sessions'),
  }
}

function acknowledgedIsStored({ turns }: Stored, { acknowledged }: Witnessed): Invariant {
  const ids = new Set(turns.map(({ id, session_id }) => `${session_id} ${id}`))
  const lacking = acknowledged.filter(({ sessionId, turnId }) => !ids.has(`${sessionId} ${turnId}`))
  const doubled = [...Map.groupBy(acknowledged, ({ key }) => key)].filter(
    ([, answers]) => new Set(answers.map(({ turnId }) => turnId)).size > 1,
  )
  return {
    name: 'acknowledged turns stored',
    tried: acknowledged.length,
    faults: [
      ...lacking.map(({ turnId }) => `turn ${turnId} was acknowledged and is not stored`),
      ...doubled.map(([key]) => `the requests with key ${key} have led to several turns`),
    ],
  }
}

function oneEnd({ turns, events }: Stored): Invariant {
  const ends = Map.groupBy(
    events.filter(({ type }) => isTerminalEventType(type as EventType)),
    ({ turn_id }) => turn_id,
  )
  return {
    name: 'turns with one terminal event',
    tried: turns.length,
    faults: turns
      .filter(({ id, ended }) => !ended || ends.get(id)?.length !== 1)
      .map(({ id, status }) => `turn ${id} (${status}) has ${ends.get(id)?.length ?? 0} terminal events`),
  }
}

function toldOnce({ told }: Witnessed): Invariant {
  return {
    name: 'prompts told at most once',
    tried: told.size,
    faults: [...told]
      .filter(([, times]) => times > 1)
      .map(([fact, times]) => `${fact} was told ${times} times`),
  }
}

function wholeLogs({ events, sessions }: Stored): Invariant {
  const logs = Map.groupBy(events, ({ session_id }) => session_id)
  const faults = sessions.flatMap(({ id, last_sequence }) => {
    const sequences = logs.get(id)?.map(({ sequence }) => sequence) ?? []
    const isWhole =
      sequences.length === last_sequence && sequences.every((sequence, index) => sequence === index + 1)
    return isWhole ? [] : [`the log of ${id} ends at ${last_sequence} and has ${sequences.join(' ')}`]
  })
  return { name: 'events without gap or repeat', tried: events.length, faults }
}

function risingEpochs(claims: readonly WatchedClaim[]): Invariant {
  const faults = [...Map.groupBy(claims, ({ session }) => session)].flatMap(([session, ofSession]) =>
    ofSession.flatMap(({ owner, epoch }, index) => {
      const before = ofSession[index - 1]
      if (!before) return []
      // A release keeps the epoch, and a claim raises it.
      const expected = owner === null ? before.epoch : before.epoch + 1
      return epoch === expected ? [] : [`the epoch of ${session} went from ${before.epoch} to ${epoch}`]
    }),
  )
  return { name: 'changes of owner with rising epochs', tried: claims.length, faults }
}

/** Whether nobody but the owner writes. */
export function oneWriter(writes: readonly WatchedWrite[]): Invariant {
  const faults = writes
    .filter(({ node, owner }) => node !== owner)
    .map(({ session, sequence, node, owner, epoch }) => {
      return `${node} wrote event ${sequence} of ${session} in epoch ${epoch} of ${owner}`
    })
  return { name: 'writes by the owner of the epoch alone', tried: writes.length, faults }
}

function lostWasStarted({ turns, events }: Stored): Invariant {
  const started = new Set(events.filter(({ type }) => type === 'turn.started').map(({ turn_id }) => turn_id))
  const lost = turns.filter(({ status }) => status === 'lost')
  const faults = lost
    .filter(turn => !turn.started || !started.has(turn.id))
    .map(({ id }) => `turn ${id} is lost and never started`)
  return { name: 'lost turns that had started', tried: lost.length, faults }
}

function noOverlap({ processes, beats }: Witnessed): Invariant {
  return {
    name: `processes without overlap (${processes.looks} looks, ${beats.beats} heartbeats)`,
    tried: processes.count,
    faults: [
      ...processes.overlaps.map(
        ({ session, processes, looks }) => `${session}: ${processes} in ${looks} looks`,
      ),
      ...beats.overlaps.map(({ session, processes }) => `${session}: heartbeats of ${processes}`),
    ],
  }
}

function wholeReaders(
  { events }: Stored,
  { readers }: Witnessed,
  writes: readonly WatchedWrite[],
): Invariant {
  const logs = Map.groupBy(events, ({ session_id }) => session_id)
  const strange = readers.flatMap(({ sessionId, frames }) => {
    const log = new Map(logs.get(sessionId)?.map(event => [event.sequence, event]))
    return frames.flatMap(({ sequence, event, turnId }) => {
      const stored = log.get(sequence)
      const isSame = stored?.type === event && (stored.turn_id ?? undefined) === turnId
      return isSame ? [] : [`${sessionId}: ${event} ${sequence} of ${turnId} is not what is stored`]
    })
  })
  const logOf = Map.groupBy(writes, ({ session }) => session)
  const typeOf = new Map(events.map(event => [`${event.session_id} ${event.sequence}`, event.type]))
  const describe = (sessionId: string) => (fault: ReaderFault) => {
    const around = (logOf.get(sessionId) ?? [])
      .filter(({ sequence }) => sequence >= fault.expected - 2 && sequence <= fault.got + 1)
      .map(
        ({ sequence, node, epoch }) =>
          `${sequence} ${typeOf.get(`${sessionId} ${sequence}`)} by ${node} in ${epoch}`,
      )
    return `${sessionId}: ${fault.got} instead of ${fault.expected} from ${fault.from}; stored: ${around.join(', ')}`
  }
  return {
    name: 'frames of readers without gap or repeat, as stored',
    tried: readers.reduce((sum, { frames }) => sum + frames.length, 0),
    faults: [...readers.flatMap(({ sessionId, faults }) => faults.map(describe(sessionId))), ...strange],
  }
}
