import type { ClaudeCodeClient, SessionEvent } from '../../client/index.ts'
import { EventMapper } from './event-mapper.ts'
import type { WireEvent } from './event-types.ts'
import type { OpenedSession } from './open-session.ts'
import type { Start } from './turn-history.ts'

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

/** Reads a session's log as events of the protocol, from a place on. */
export class SessionLog {
  readonly mapper: EventMapper
  /** The sequence after which reading begins. */
  readonly after: number

  constructor({ id, outline }: Pick<OpenedSession, 'id' | 'outline'>, start: Start) {
    this.after = start.after
    this.mapper = new EventMapper(id, outline, start)
  }

  place(event: SessionEvent): PlacedEvent[] {
    const { sequence = 0 } = event.data as { sequence?: number }
    return this.mapper.map(event).map((mapped, part) => ({ sequence, part, event: mapped }))
  }
}

/** The stored events after one, up to now or to the last one that is wanted. */
export async function* readLog(
  api: ClaudeCodeClient,
  sessionId: string,
  after: number,
  signal: AbortSignal,
  last = Number.POSITIVE_INFINITY,
): AsyncGenerator<SessionEvent, void> {
  if (after >= last) return
  for await (const event of api.session(sessionId).follow({ after, signal })) {
    const { sequence = 0 } = event.data as { sequence?: number }
    if (event.type === 'caught_up' || sequence > last) return
    yield event
    if (sequence === last) return
  }
}
