import type { EventLog } from '../log/event-log.ts'
import { toLossMessage } from '../log/server-messages.ts'
import type { OpenSessions } from '../open-sessions.ts'
import { canBeContinued } from '../permissions/continuable.ts'
import { toPermissionRequest } from '../permissions/permission-fields.ts'
import type { AgentLauncher, Change, Store } from '../ports/index.ts'
import type { PermissionRecord, SessionRecord, TurnRecord } from '../records.ts'
import type { SessionsObserver } from '../reports/figures.ts'
import { OpenTurn } from '../turns/turn.ts'
import { toEndWithoutOutcome } from '../turns/turn-changes.ts'
import { restoreProgress } from '../turns/turn-progress.ts'

const text = 'The server was gone before the turn had ended; its outcome is unknown'

interface Parts {
  store: Store
  log: EventLog
  live: OpenSessions
  launcher: AgentLauncher
  observer: Pick<SessionsObserver, 'onTurnEnded'>
}

/** How many sessions are recovered at the same time. */
const atOnce = 32

/** Recovers each session that the previous run of the server has left with something to do. */
export async function recoverAll(parts: Parts): Promise<void> {
  const left = (await parts.store.leftovers.listSessionsLeft()).values()
  const work = async () => {
    for (const { tenantId, sessionId } of left) await recover(parts, tenantId, sessionId)
  }
  const outcomes = await Promise.allSettled(Array.from({ length: atOnce }, work))
  const failed = outcomes.find(({ status }) => status === 'rejected')
  if (failed?.status === 'rejected') throw failed.reason
}

/**
 * Settles what the previous run of a session has left. A turn that only waited for a person keeps waiting, if Claude
 * Code can resume it; another running turn is lost, because its progress is unknown; waiting turns run now.
 */
export async function recover(parts: Parts, tenantId: string, sessionId: string): Promise<void> {
  const { store, log, live, launcher } = parts
  const { turns, permissions } = await store.leftovers.takeLeftovers(tenantId, sessionId, Date.now())
  const session = await store.findSession(tenantId, sessionId)
  for (const turn of turns.filter(({ status }) => status !== 'queued')) {
    const ofTurn = permissions.filter(({ turnId }) => turnId === turn.id)
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
  const stray = permissions.filter(({ turnId }) => !turns.some(turn => turn.id === turnId))
  for (const permission of stray) await log.commit(toWithdrawal(permission, Date.now()))
  for (const turn of turns.filter(({ status }) => status === 'queued')) {
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
