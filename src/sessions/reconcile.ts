import { randomUUID } from 'node:crypto'
import type { EventLog } from './event-log.ts'
import type { LiveSessions } from './live-sessions.ts'
import type { Store } from './ports.ts'
import { openTurn, toEndWithoutOutcome } from './running-turn.ts'

const text = 'The server was gone before the turn had ended; its outcome is unknown'

/**
 * Puts right what a crash left: turns that were running are lost, since nobody knows how far they came; those
 * that were waiting run now.
 */
export async function reconcile(store: Store, log: EventLog, live: LiveSessions): Promise<void> {
  const unfinished = await store.listUnfinishedTurns()
  for (const turn of unfinished.filter(({ status }) => status !== 'queued')) {
    const { tenantId, sessionId } = turn
    const at = Date.now()
    const end = toEndWithoutOutcome(openTurn(turn), 'lost', at, {
      code: 'MESSAGE_SEND_FAILED',
      reason: 'lost',
      message: text,
    })
    const id = randomUUID()
    const message = { type: 'system', subtype: 'turn_lost', uuid: id, session_id: sessionId, text }
    const note = { type: 'message' as const, turnId: turn.id, payload: { id, source: 'sdk', message } }
    await log.commit({ tenantId, sessionId, at, ...end, events: [note, ...end.events] })
  }
  // Not by time: a clock that was set back would change the order of a session's turns.
  const waiting = unfinished
    .filter(({ status }) => status === 'queued')
    .sort((a, b) => (a.firstSequence ?? 0) - (b.firstSequence ?? 0))
  for (const turn of waiting) {
    const session = await store.findSession(turn.tenantId, turn.sessionId)
    if (session) live.of(session).readmit(turn)
  }
}
