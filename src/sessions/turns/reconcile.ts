import type { EventLog } from '../log/event-log.ts'
import { toLossMessage } from '../log/server-messages.ts'
import type { OpenSessions } from '../open-sessions.ts'
import { canBeContinued } from '../permissions/continuable.ts'
import { toPermissionRequest } from '../permissions/permission-fields.ts'
import type { AgentLauncher, Change, Store } from '../ports/index.ts'
import type { PermissionRecord, SessionRecord, TurnRecord } from '../records.ts'
import type { SessionsObserver } from '../reports/figures.ts'
import { OpenTurn } from './turn.ts'
import { toEndWithoutOutcome } from './turn-changes.ts'
import { restoreProgress } from './turn-progress.ts'

const text = 'The server was gone before the turn had ended; its outcome is unknown'

interface Parts {
  store: Store
  log: EventLog
  live: OpenSessions
  launcher: AgentLauncher
  observer: Pick<SessionsObserver, 'onTurnEnded'>
}

/**
 * Settles the turns of the previous run of the server. Turns that only waited for a person keep waiting, if Claude
 * Code can resume them; other running turns are lost, because their progress is unknown; waiting turns run now.
 */
export async function reconcile(parts: Parts): Promise<void> {
  const { store, log, live, launcher } = parts
  const unfinished = await store.listUnfinishedTurns()
  const open = await store.permissions.listOpenPermissions()
  for (const turn of unfinished.filter(({ status }) => status !== 'queued')) {
    const session = await store.findSession(turn.tenantId, turn.sessionId)
    const ofTurn = open.filter(({ turnId }) => turnId === turn.id)
    const [permission] = ofTurn
    if (session && permission && ofTurn.length === 1 && (await canWait(parts, session, permission))) {
      const waiting = new OpenTurn(turn)
      await restoreProgress(store, launcher.messages, waiting)
      live.of(session).turns.resumeWaiting(waiting, permission)
    } else {
      await loseTurn(log, turn, ofTurn)
      parts.observer.onTurnEnded(turn, { queuedMs: undefined, firstDeltaMs: undefined })
    }
  }
  const stray = open.filter(({ turnId }) => !unfinished.some(turn => turn.id === turnId))
  for (const permission of stray) await log.commit(toWithdrawal(permission, Date.now()))
  // Not by time: a clock that was set back would change the order of a session's turns.
  const waiting = unfinished
    .filter(({ status }) => status === 'queued')
    .sort((a, b) => (a.firstSequence ?? 0) - (b.firstSequence ?? 0))
  for (const turn of waiting) {
    const session = await store.findSession(turn.tenantId, turn.sessionId)
    if (session) live.of(session).turns.readmit(turn)
  }
}

async function canWait(
  { launcher }: Parts,
  { tenantId, claudeSessionId, cwd, workingDirectory }: SessionRecord,
  permission: PermissionRecord,
): Promise<boolean> {
  const { toolUseId } = permission
  if (toolUseId === null || !canBeContinued(permission, workingDirectory !== null)) return false
  await launcher.recoverTranscript({ tenantId, claudeSessionId, cwd }, toolUseId)
  return launcher.canContinue({ tenantId, claudeSessionId }, toolUseId)
}

async function loseTurn(log: EventLog, turn: TurnRecord, open: PermissionRecord[]): Promise<void> {
  const { tenantId, sessionId } = turn
  const at = Date.now()
  for (const permission of open) await log.commit(toWithdrawal(permission, at))
  const end = toEndWithoutOutcome(new OpenTurn(turn), 'lost', at, {
    code: 'MESSAGE_SEND_FAILED',
    reason: 'lost',
    message: text,
  })
  const note = toLossMessage(sessionId, turn.id, text)
  await log.commit({ tenantId, sessionId, at, ...end, events: [note, ...end.events] })
}

/** One that had been answered stays so; only its answer is forgotten. */
function toWithdrawal(permission: PermissionRecord, at: number): Change {
  const { tenantId, sessionId, turnId, status } = permission
  const owner = { tenantId, sessionId, at }
  if (status !== 'pending')
    return { ...owner, savePermission: { ...permission, answer: null, runsWith: null }, events: [] }
  const savePermission: PermissionRecord = { ...permission, status: 'withdrawn', decidedAt: at }
  const payload = { ...toPermissionRequest(savePermission) }
  return { ...owner, savePermission, events: [{ type: 'permission.resolved', turnId, payload }] }
}
