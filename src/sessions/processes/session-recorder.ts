import type { Activity } from '../../contract/activity.ts'
import type { BackgroundWork } from '../conversation/background-work.ts'
import { noteConversation } from '../conversation/lost-conversation.ts'
import type { FileTracking } from '../files/file-tracking.ts'
import type { SessionWriter } from '../log/session-writer.ts'
import type { OpenRequests } from '../permissions/open-requests.ts'
import type {
  AgentListener,
  AgentMessage,
  AgentTask,
  AutonomousWork,
  BlockOfMessage,
  ConversationReport,
  ProcessState,
  ToolUse,
  TranscriptEntry,
  TranscriptKey,
  UsageShare,
} from '../ports/index.ts'
import type { PermissionAnswer, PermissionQuestion, SessionRecord } from '../records.ts'
import type { OpenTurn } from '../turns/turn.ts'
import { noteFigures, noteMessage } from '../turns/turn-progress.ts'
import type { FollowedState } from './followed-state.ts'
import type { SessionProcessContext } from './session-process-context.ts'

type DeltaOfBlock = Parameters<AgentListener['onDelta']>[0]

interface Parts {
  context: SessionProcessContext
  writer: SessionWriter
  background: BackgroundWork
  requests: OpenRequests
  files: FileTracking
  state: FollowedState
  /** The turn at work. */
  findTurn(): OpenTurn | undefined
  /** Background tasks or autonomous work have begun or ended. */
  onWorkChanged(): void
  /** Autonomous work has begun. */
  onAutonomousWork(): void
}

/**
 * Turns what the session's process reports into the session's log and record. Knows the conversation that the
 * process is in.
 */
export class SessionRecorder implements AgentListener {
  claudeSessionId: string
  /** Whether the conversation has begun, so that a process has to resume it. */
  hasBegun: boolean
  readonly #session: Pick<SessionRecord, 'id' | 'tenantId'>
  readonly #parts: Parts
  #model: string | null

  constructor(session: SessionRecord, parts: Parts) {
    this.#session = { id: session.id, tenantId: session.tenantId }
    this.#parts = parts
    this.claudeSessionId = session.claudeSessionId
    this.hasBegun = session.conversationStarted
    this.#model = session.model
  }

  get #ofSession() {
    return { tenantId: this.#session.tenantId, sessionId: this.#session.id }
  }

  /** The conversation for the next process. */
  get conversation() {
    return { claudeSessionId: this.claudeSessionId, resume: this.hasBegun }
  }

  /**
   * The next process works in this conversation.
   * @returns whether that is another one than before
   */
  switchTo(claudeSessionId: string, hasBegun: boolean): boolean {
    const isNew = claudeSessionId !== this.claudeSessionId || hasBegun !== this.hasBegun
    this.claudeSessionId = claudeSessionId
    this.hasBegun = hasBegun
    return isNew
  }

  onMessage(message: AgentMessage, isOfTurn: boolean): void {
    const { findTurn, writer } = this.#parts
    const turn = isOfTurn ? findTurn() : undefined
    const { id, kind, content } = message
    if (turn) noteMessage(turn, id, message)
    const write = {
      events: [
        {
          type: 'message' as const,
          turnId: turn?.record.id ?? null,
          payload: { id, source: 'sdk' as const, message: content },
        },
      ],
    }
    // The first goes with the first answer, the last with the end of the turn.
    if (turn && (kind === 'start' || kind === 'end')) writer.hold(write)
    else void writer.write(write)
  }

  onTranscript(part: TranscriptKey, entries: TranscriptEntry[]): void {
    const { writer, requests } = this.#parts
    const write = { transcript: [{ part, entries }], events: [] }
    // A turn that waits for a person has to be continued without this process and its files.
    if (requests.count > 0) void writer.write(write)
    else writer.hold(write)
  }

  onTranscriptLost(): void {
    void this.#parts.writer.write({ session: { transcript: 'incomplete' }, events: [] })
  }

  onDelta(delta: DeltaOfBlock): void {
    const turn = this.#parts.findTurn()
    if (!turn) return
    turn.noteDelta()
    this.#parts.context.log.publishDelta(this.#session.id, { turnId: turn.record.id, ...delta })
  }

  onDeltaVoided(block: BlockOfMessage): void {
    const turn = this.#parts.findTurn()
    if (turn) this.#parts.context.log.voidDelta(this.#session.id, { turnId: turn.record.id, ...block })
  }

  onActivity(activity: Activity, isOfTurn: boolean): void {
    const turnId = (isOfTurn ? this.#parts.findTurn()?.record.id : undefined) ?? null
    this.#parts.context.log.publishActivity(this.#session.id, { turnId, activity })
  }

  onSuggestion(text: string, turnId: string): void {
    const turn = this.#parts.findTurn()
    if (turn && turn.record.id !== turnId) return
    this.#parts.context.log.publishSuggestion(this.#session.id, { turnId, text })
  }

  onFigures(figures: UsageShare): void {
    noteFigures(this.#parts.findTurn(), figures, this.#parts.writer)
  }

  onConversation(report: ConversationReport): Promise<void> {
    const { context, writer, findTurn } = this.#parts
    return noteConversation(this, { ...context, writer }, this.#session, report, findTurn())
  }

  onIdentity({ claudeSessionId, model }: { claudeSessionId: string; model: string }): void {
    if (!this.switchTo(claudeSessionId, true) && model === this.#model) return
    this.#model = model
    this.#parts.writer.hold({ session: { claudeSessionId, model, conversationStarted: true }, events: [] })
  }

  onState(state: ProcessState): Promise<void> {
    return this.#parts.state.note(state)
  }

  onPermission(question: PermissionQuestion, signal: AbortSignal): Promise<PermissionAnswer> {
    return this.#parts.requests.ask(question, signal)
  }

  onTask(task: AgentTask, turnId: string | null): void {
    this.#parts.background.note(task, turnId)
    this.#parts.onWorkChanged()
    if (task.status !== 'running') this.#parts.context.snapshots?.begin(this.#ofSession)
  }

  onAutonomousWorkStart(): void {
    this.#parts.background.startAutonomousWork()
    this.#parts.onWorkChanged()
    this.#parts.onAutonomousWork()
  }

  onAutonomousWorkEnd(work: AutonomousWork): void {
    this.#parts.background.endAutonomousWork(work)
    this.#parts.onWorkChanged()
    this.#parts.context.snapshots?.begin(this.#ofSession)
  }

  onBeforeTool(use: ToolUse): Promise<void> {
    return this.#parts.files.before(use)
  }

  onAfterTool(use: ToolUse): Promise<void> {
    return this.#parts.files.after(use)
  }
}
