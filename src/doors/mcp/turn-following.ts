import {
  type ClaudeCodeClient,
  isTerminal,
  type PermissionRequest,
  type SessionClient,
  type SessionEvent,
  type Turn,
} from '../../client/index.ts'
import type { TurnPosition } from './surroundings.ts'

/** How often a call that follows tries again: it outlives a restart of the server. */
const reconnects = 8

/** The reason why a call stops following a turn. */
export type Pause =
  | { kind: 'ended'; turn: Turn }
  | { kind: 'open'; requests: PermissionRequest[] }
  /** The time is over, or the client has closed an elicitation. */
  | { kind: 'waited' }

export interface Following {
  client: ClaudeCodeClient
  /** Is moved forward with each event. */
  position: TurnPosition
  /** Ends the call. */
  signal: AbortSignal
  /** Ends the waiting. */
  patience: AbortSignal
  onEvent(event: SessionEvent): Promise<void>
}

/** Follows a turn until it ends or has open requests that the client has not been asked about. */
export async function followTurn(following: Following): Promise<Pause> {
  const { client, position, signal, patience, onEvent } = following
  const { sessionId, turnId } = position
  const session = client.session(sessionId)
  const isNew = ({ permissionId }: PermissionRequest) => !position.asked.includes(permissionId)
  const stop = AbortSignal.any([signal, patience])
  const options = { turnId, after: position.after, includeDeltas: false, signal: stop, retries: reconnects }
  let isLive = false
  try {
    for await (const event of session.follow(options)) {
      if ('sequence' in event.data) position.after = Math.max(position.after, event.data.sequence)
      if (isTerminal(event.type)) break
      await onEvent(event)
      isLive = event.type === 'caught_up' || (isLive && event.type !== 'reconnected')
      if (!isLive || (event.type !== 'caught_up' && event.type !== 'permission.requested')) continue
      const requests = await listOpenRequests(session, turnId, stop)
      if (requests.some(isNew)) return { kind: 'open', requests }
    }
  } catch (error) {
    signal.throwIfAborted()
    if (patience.aborted) return { kind: 'waited' }
    throw error
  }
  return { kind: 'ended', turn: await session.getTurn(turnId, { signal, retries: reconnects }) }
}

/** The requests of a turn that wait for an answer. Those of background work belong to no turn, and are not among them. */
export async function listOpenRequests(
  session: SessionClient,
  turnId: string,
  signal: AbortSignal,
): Promise<PermissionRequest[]> {
  const requests = await session.pendingRequests({ signal, retries: reconnects })
  return requests.filter(request => request.turnId === turnId)
}
