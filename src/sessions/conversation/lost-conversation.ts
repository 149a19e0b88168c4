import type { Prompt } from '../../contract/turns.ts'
import type { Log } from '../../lib/log.ts'
import { toConversation } from '../branching/past.ts'
import type { SessionWriter } from '../log/session-writer.ts'
import type { ConversationReport, Store } from '../ports/index.ts'
import type { SessionRecord } from '../records.ts'

/** Commands after which Claude knows nothing of what was said before, as was asked. */
const clearingCommands = new Set(['/clear', '/new', '/reset'])

/** The conversation that the session's process is in. */
interface CurrentConversation {
  /** @returns whether it is another one than before */
  switchTo(claudeSessionId: string, hasBegun: boolean): boolean
}

/** Notes in which conversation a process works, and says in the log what Claude no longer knows of it. */
export async function noteConversation(
  conversation: CurrentConversation,
  { store, faults, writer }: { store: Store; faults: Pick<Log, 'error'>; writer: SessionWriter },
  { tenantId, id }: Pick<SessionRecord, 'tenantId' | 'id'>,
  report: ConversationReport,
  currentTurn: { record: { id: string } } | undefined,
): Promise<void> {
  const { claudeSessionId, resumed } = report
  if (conversation.switchTo(claudeSessionId, resumed)) {
    void writer.write({ session: { claudeSessionId, conversationStarted: resumed }, events: [] })
  }
  try {
    const session = await store.findSession(tenantId, id)
    if (session?.transcript === 'incomplete' && report.isStored) {
      void writer.write({ session: { transcript: 'complete' }, events: [] })
    }
    const turnIds = session ? await findLostTurns(store, session, report, currentTurn?.record.id) : []
    if (turnIds.length === 0) return
    const payload = { extent: resumed ? ('part' as const) : ('all' as const), turnIds }
    await writer.write({ events: [{ type: 'conversation.lost', turnId: null, payload }] })
  } catch (error) {
    faults.error({ err: error, sessionId: id }, 'reporting lost turns failed')
  }
}

/** The turns that Claude no longer knows and that no event has named yet, oldest first. */
async function findLostTurns(
  store: Store,
  { tenantId, id, rewound }: SessionRecord,
  report: ConversationReport,
  currentTurnId: string | undefined,
): Promise<string[]> {
  const prompts = toConversation(await store.branches.listPrompts(tenantId, id), rewound)
  const unknown = prompts.filter(({ turnId }) => turnId !== currentTurnId && !report.holds(turnId))
  if (unknown.length === 0) return []
  const reported = new Set(await store.branches.listLostTurns(tenantId, id))
  const lost: string[] = []
  for (const { turnId } of unknown.toReversed()) {
    // Earlier losses were already reported.
    if (reported.has(turnId)) break
    const turn = await store.findTurn(tenantId, id, turnId)
    const command = turn?.commands ? findCommand(turn.prompt) : undefined
    if (command !== undefined && clearingCommands.has(command)) break
    // A command leaves no prompt in the conversation, and a turn without an answer may not have come so far. What
    // became of the turns of a shared past, the original knows.
    const wasAnswered = !turn || (turn.status === 'completed' && turn.messageId !== null)
    if (wasAnswered && command === undefined) lost.unshift(turnId)
  }
  return lost
}

function findCommand(prompt: Prompt): string | undefined {
  const text = typeof prompt === 'string' ? prompt : prompt.findLast(block => block.type === 'text')?.text
  return text === undefined ? undefined : /^\s*(\/\S+)/.exec(text)?.[1]
}
