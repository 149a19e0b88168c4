import type { ClaudeCodeClient, SessionEvent, Turn } from '../../client/index.ts'
import { EventMapper } from './event-mapper.ts'
import type { WireEvent } from './event-types.ts'
import type { OpenedSession } from './open-session.ts'
import { addUsage, noUsage, readTurns, type Totals } from './usage.ts'

/** The place of an event: its entry of the log, and its number among the events of that entry. */
export interface Place {
  sequence: number
  part: number
}

export interface PlacedEvent extends Place {
  event: WireEvent
}

export function isAfter(one: Place, other: Place): boolean {
  return one.sequence > other.sequence || (one.sequence === other.sequence && one.part > other.part)
}

/** Reads a session's log as events of the protocol. */
export class SessionLog {
  readonly mapper: EventMapper
  /** The sequence after which reading begins. */
  readonly after: number
  readonly turns: readonly Turn[]

  private constructor(session: OpenedSession, turns: readonly Turn[], after: number) {
    this.turns = turns
    this.after = after
    this.mapper = new EventMapper(session.id, session.outline, usageBefore(turns, after))
  }

  /** @param sequence the events after this one have to come out right */
  static async open(api: ClaudeCodeClient, session: OpenedSession, sequence: number): Promise<SessionLog> {
    const turns = await readTurns(api, session.id)
    return new SessionLog(session, turns, findStart(turns, sequence))
  }

  place(event: SessionEvent): PlacedEvent[] {
    const { sequence = 0 } = event.data as { sequence?: number }
    return this.mapper.map(event).map((mapped, part) => ({ sequence, part, event: mapped }))
  }
}

/** The last place from which events can be made: before the turn that runs there, and those that wait. */
function findStart(turns: readonly Turn[], sequence: number): number {
  const begun = turns.filter(({ firstSequence }) => firstSequence !== null && firstSequence <= sequence)
  const last = begun.at(-1)
  const open = begun.filter(({ lastSequence, endedAt }) => endedAt === null || (lastSequence ?? 0) > sequence)
  const starts = [...(last ? [last] : []), ...open].map(({ firstSequence }) => firstSequence ?? 0)
  return starts.length === 0 ? 0 : Math.max(0, Math.min(...starts) - 1)
}

function usageBefore(turns: readonly Turn[], after: number): Totals {
  return turns
    .filter(({ lastSequence, endedAt }) => endedAt !== null && lastSequence !== null && lastSequence <= after)
    .reduce<Totals>(addUsage, noUsage)
}
