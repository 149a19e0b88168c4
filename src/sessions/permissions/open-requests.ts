import type { PermissionStatus } from '../../contract/permissions.ts'
import { atTime } from '../../lib/alarm.ts'
import type { BackgroundWork } from '../conversation/background-work.ts'
import { withoutAuditEntry } from '../ports/audit.ts'
import type { Agent, Change } from '../ports/index.ts'
import type { GivenConfiguration } from '../processes/given-configuration.ts'
import type { PermissionAnswer, PermissionQuestion, PermissionRecord } from '../records.ts'
import { isAtWork, type OpenTurn } from '../turns/turn.ts'
import { canBeContinued } from './continuable.ts'
import { HookAnswers } from './hook-answers.ts'
import { toInputChange } from './input-change.ts'
import { newPermission } from './new-permission.ts'
import { isOfClient } from './of-client.ts'
import { toPermissionRequest } from './permission-fields.ts'
import { isRemembered } from './remembered-calls.ts'
import { type OpenRequest, type SuspendableProcess, Suspension, unanswered } from './suspension.ts'

const texts = {
  expired: 'No answer to the request came in time, so it is denied.',
  withdrawn: 'The request was withdrawn, because what asked for it is over.',
}

/** The session's process, as far as its permission requests are concerned. */
export interface AskingProcess extends SuspendableProcess {
  readonly owner: { tenantId: string; sessionId: string }
  /** The turn at work. */
  readonly turn: OpenTurn | undefined
  readonly liveAgent: Agent | undefined
  readonly configuration: Pick<GivenConfiguration, 'of' | 'findSession'>
  readonly background: Pick<BackgroundWork, 'has'>
}

/** A person's answer, and who gave it. */
export interface Decision {
  answer: PermissionAnswer
  decidedBy: string
  /** Changes to the rest of the session. */
  remembered: PermissionRecord['remembered']
  /** Stored in the same transaction. */
  change: Pick<Change, 'session' | 'events'>
}

/**
 * The open permission requests of one session. Each is stored before anyone is told, takes one answer, and never
 * stays open longer than its asker: while the turn has an open one, it is `requires_action`.
 */
export class OpenRequests {
  readonly suspension: Suspension
  readonly #process: AskingProcess
  readonly #open = new Map<string, OpenRequest>()
  readonly #hookAnswers = new HookAnswers()
  #isClosed = false

  constructor(process: AskingProcess) {
    this.#process = process
    this.suspension = new Suspension(process, this.#open)
  }

  get count(): number {
    return this.#open.size
  }

  /**
   * Asks people, and resolves with their answer. Never rejects: a request without an answer is denied.
   * @param signal fires when the process no longer wants to know
   */
  async ask(question: PermissionQuestion, signal: AbortSignal): Promise<PermissionAnswer> {
    if (this.suspension.outlivesServer || this.#isClosed) return unanswered(texts.withdrawn)
    const kept = this.suspension.deliver(question)
    if (kept) return kept
    const given = this.#hookAnswers.find(question)
    if (given) return given
    const process = this.#process
    const { agentId } = question
    const isOfTurn = () => agentId === null || !process.background.has(agentId)
    const findTurn = () => (isOfTurn() ? process.turn : undefined)
    const turn = findTurn()
    const { settings, remembered } = await process.configuration.findSession()
    const timeoutMs = settings.permissionTimeoutMs
    // Meanwhile the asker may be over.
    if (signal.aborted || this.#isClosed || turn !== findTurn()) return unanswered(texts.withdrawn)
    if (isRemembered(remembered, question)) return { allow: true, input: null, updates: [], message: null }
    const asked = newPermission(process.owner, turn, question, Date.now(), timeoutMs)
    const record = canBeContinued(asked, process.state.isShellElsewhere)
      ? this.#withHookAnswers({ ...asked, runsWith: process.configuration.of(process.liveAgent) })
      : asked
    const { promise, resolve } = Promise.withResolvers<PermissionAnswer>()
    this.#add(record, resolve)
    signal.addEventListener(
      'abort',
      () => {
        if (!this.suspension.holds(record.id)) void this.#close(record.id, 'withdrawn')
      },
      { once: true },
    )
    void this.#write(record, 'permission.requested')
    return promise
  }

  /**
   * Answers a request. Resolves when the answer is stored and the process has been told.
   * @returns undefined when the request is not open
   */
  async answer(permissionId: string, decision: Decision): Promise<PermissionRecord | undefined> {
    const { answer } = decision
    await this.expireDue()
    return this.#settle(
      permissionId,
      statusOf(this.#open.get(permissionId)?.record, answer),
      answer,
      decision,
    )
  }

  /** Closes the requests whose `expiresAt` has come, whatever their timers say. */
  async expireDue(): Promise<void> {
    if (this.#open.size === 0) return
    const now = Date.now()
    const due = [...this.#open.values()].filter(({ record }) => record.expiresAt <= now)
    await withoutAuditEntry(() => Promise.all(due.map(({ record }) => this.#close(record.id, 'expired'))))
  }

  /** Closes the requests of the turn, which is over. */
  async withdrawOfTurn(): Promise<void> {
    this.suspension.clear()
    this.#hookAnswers.clear()
    await this.#withdraw(({ turnId }) => turnId !== null)
  }

  /** Closes the requests that belong to no turn: their process is gone. */
  async withdrawOfBackground(): Promise<void> {
    await this.#withdraw(({ turnId }) => turnId === null)
  }

  /** Closes all requests and refuses new ones: the session has ended. */
  async close(): Promise<void> {
    this.#isClosed = true
    await this.#withdraw(() => true)
  }

  /** Takes over a request of a previous run of the server. */
  restore(record: PermissionRecord): void {
    this.suspension.restore(record)
    this.#hookAnswers.load(record)
    if (record.answer) this.#hookAnswers.note(record, record.answer)
    if (record.status === 'pending') this.#add(record, () => {})
    else if (record.answer) this.suspension.keepAnswer(record, record.answer)
  }

  #add(record: PermissionRecord, resolve: OpenRequest['resolve']): void {
    const expiry = atTime(record.expiresAt, () => void this.#close(record.id, 'expired'))
    const open: OpenRequest = { record, resolve, expiry, suspending: undefined }
    this.#open.set(record.id, open)
    this.suspension.schedule(open)
  }

  async #withdraw(isMeant: (record: PermissionRecord) => boolean): Promise<void> {
    const meant = [...this.#open.values()].filter(({ record }) => isMeant(record))
    await Promise.all(meant.map(({ record }) => this.#close(record.id, 'withdrawn')))
  }

  #close(permissionId: string, status: 'expired' | 'withdrawn'): Promise<unknown> {
    return this.#settle(permissionId, status, unanswered(texts[status]))
  }

  async #settle(
    permissionId: string,
    status: PermissionStatus,
    answer: PermissionAnswer,
    decision?: Decision,
  ): Promise<PermissionRecord | undefined> {
    const open = this.#take(permissionId)
    if (!open) return undefined
    const decidedBy = decision?.decidedBy ?? null
    const isSuspended = this.suspension.holds(permissionId) && status !== 'withdrawn'
    const decided: PermissionRecord = {
      ...open.record,
      status,
      // Until a process has received it: it must survive a crash as well.
      answer: isSuspended ? answer : null,
      runsWith: isSuspended ? open.record.runsWith : null,
      decidedAt: Date.now(),
      decidedBy,
      message: decidedBy === null ? null : answer.message,
      updatedInput: open.record.kind === 'tool' ? answer.input : null,
      remembered: decision?.remembered ?? [],
    }
    if (status !== 'withdrawn') this.#noteHookAnswer(decided, answer)
    await this.#write(decided, 'permission.resolved', decision?.change)
    if (isSuspended) this.suspension.keepAnswer(decided, answer)
    else open.resolve(answer)
    return decided
  }

  /** Keeps the answer for a process that continues, also with the requests of the same call that are still open. */
  #noteHookAnswer(record: PermissionRecord, answer: PermissionAnswer): void {
    this.#hookAnswers.note(record, answer)
    if (record.kind !== 'hook' || record.toolUseId === null) return
    for (const open of this.#open.values()) {
      if (open.record.toolUseId !== record.toolUseId || !open.record.runsWith) continue
      open.record = this.#withHookAnswers(open.record)
      void this.#process.writer.write({ savePermission: open.record, events: [] })
    }
  }

  #withHookAnswers(record: PermissionRecord): PermissionRecord {
    const hookAnswers = this.#hookAnswers.of(record.toolUseId)
    if (!record.runsWith || hookAnswers.length === 0) return record
    return { ...record, runsWith: { ...record.runsWith, hookAnswers } }
  }

  /** Hands a request to its one decider; it is no longer open. */
  #take(permissionId: string): OpenRequest | undefined {
    const open = this.suspension.outlivesServer ? undefined : this.#open.get(permissionId)
    if (!open) return undefined
    open.expiry.cancel()
    open.suspending?.cancel()
    this.#open.delete(permissionId)
    return open
  }

  /** Stores the request, its event, and the status that the turn has because of it. */
  async #write(
    record: PermissionRecord,
    type: 'permission.requested' | 'permission.resolved',
    change: Pick<Change, 'session' | 'events'> = { events: [] },
  ): Promise<void> {
    const { turn, writer } = this.#process
    const waits = [...this.#open.values()].some(open => open.record.turnId === turn?.record.id)
    const status = waits ? 'requires_action' : 'running'
    const moves = turn && turn.record.status !== status && isAtWork(turn.record.status)
    if (moves) turn.advance(status)
    await writer.write({
      savePermission: record,
      ...(change.session && { session: change.session }),
      ...(moves && { updateTurn: { id: turn.record.id, status } }),
      events: [
        { type, turnId: record.turnId, payload: { ...toPermissionRequest(record) } },
        ...toInputChange(record),
        ...change.events,
      ],
    })
  }
}

function statusOf(record: PermissionRecord | undefined, { allow }: PermissionAnswer): PermissionStatus {
  if (record && isOfClient(record)) return 'answered'
  return allow ? 'allowed' : 'denied'
}
