import { randomUUID } from 'node:crypto'
import type { FailureReason } from '../../contract/errors.ts'
import type { Log } from '../../lib/log.ts'
import type { EventLog } from '../log/event-log.ts'
import type { AgentLauncher, PromptMark, Store, TranscriptEditor, TurnOutcome } from '../ports/index.ts'
import type { SessionProcess } from '../processes/session-process.ts'
import type { SessionRecord } from '../records.ts'
import type { OpenTurn } from '../turns/turn.ts'
import { Conversations } from './conversations.ts'
import { TranscriptBranches } from './transcript-branches.ts'

export interface RefusedPromptParts {
  store: Store
  log: EventLog
  transcriptEditor: TranscriptEditor
  launcher: AgentLauncher
  faults: Pick<Log, 'error'>
}

/** The prompt itself was refused, and would be again. */
const reasons: ReadonlySet<FailureReason> = new Set(['prompt_too_long', 'media_rejected', 'invalid_request'])

/**
 * Takes a prompt that was refused out of what Claude Code remembers. Claude Code joins the prompt of a failed turn
 * with the next one, so that one prompt which is too long would make every later turn fail. Turns in which Claude
 * has said or done something are left as they are.
 */
export async function forgetRefusedPrompt(
  parts: RefusedPromptParts,
  turn: OpenTurn,
  outcome: TurnOutcome,
  process: SessionProcess,
): Promise<void> {
  if (outcome.status !== 'failed' || !reasons.has(outcome.failure.reason) || turn.messageId !== null) return
  // They would end with the process.
  if (process.background.tasks > 0) return
  const { tenantId, sessionId, id } = turn.record
  try {
    await process.leave()
    const session = await parts.store.findSession(tenantId, sessionId)
    if (session) await cutBefore(parts, session, id, process)
  } catch (err) {
    parts.faults.error({ err, sessionId, turnId: id }, 'refused prompt removal failed')
  }
}

async function cutBefore(
  { store, log, transcriptEditor, launcher }: RefusedPromptParts,
  session: SessionRecord,
  turnId: string,
  process: SessionProcess,
): Promise<void> {
  const { id: sessionId, tenantId } = session
  const transcripts = new TranscriptBranches({ store }, transcriptEditor, launcher)
  const { prompt, before, after } = await new Conversations(store).find(session, turnId)
  const refused = await findRefused(store, session, before)
  const kept = before.slice(0, before.length - refused.length)
  const claudeSessionId = randomUUID()
  const loaded = await transcripts.load(session)
  const branch = await transcripts.cut(
    session,
    loaded,
    [kept, [...refused, prompt, ...after]],
    claudeSessionId,
  )
  await transcripts.save(tenantId, claudeSessionId, branch)
  const change = { claudeSessionId, conversationStarted: branch.begun }
  await log.commit({ tenantId, sessionId, at: Date.now(), session: change, events: [] })
  process.recorder.switchTo(claudeSessionId, branch.begun)
}

/** Prompts right before it that were refused as well and could not be taken out at the time. */
async function findRefused(
  store: Store,
  { id, tenantId }: SessionRecord,
  before: readonly PromptMark[],
): Promise<PromptMark[]> {
  const refused: PromptMark[] = []
  for (const mark of before.toReversed()) {
    const turn = await store.findTurn(tenantId, id, mark.turnId)
    if (turn?.status !== 'failed' || !turn.error || !reasons.has(turn.error.reason)) break
    if (turn.messageId !== null) break
    refused.unshift(mark)
  }
  return refused
}
