import { setTimeout as pause } from 'node:timers/promises'
import type { PermissionStatus } from '../../contract/permissions.ts'
import { type Alarm, afterDuration, atTime } from '../../lib/alarm.ts'
import type { SessionWriter } from '../log/session-writer.ts'
import type { Change } from '../ports/index.ts'
import type {
  PermissionAnswer,
  PermissionQuestion,
  PermissionRecord,
  RunConfiguration,
  SessionRecord,
} from '../records.ts'
import type { OpenTurn } from '../turns/running-turn.ts'
import { isAtWork } from '../turns/turn-states.ts'
import { canBeContinued } from './continuable.ts'
import { toInputChange } from './input-change.ts'
import { newPermission } from './new-permission.ts'
import { toPermissionRequest } from './permission-fields.ts'
import { isRemembered } from './remembered-calls.ts'
import { findMode } from './remembering.ts'

/** How long a shutdown waits for a request to become one that can wait. */
const shelvingBoundMs = 2_000
const shelvingStepMs = 50

const texts = {
  expired: 'Nobody answered the permission request in time, so it is denied.',
  withdrawn: 'The permission request was withdrawn, because what asked for it is over.',
}

interface Open {
  record: PermissionRecord
  readonly resolve: (answer: PermissionAnswer) => void
  readonly expiry: Alarm
  parking: Alarm | undefined
}

/** A request that waits without a process. */
export interface Parked {
  readonly permissionId: string
  readonly toolUseId: string
  /** Resolves when it has been answered, or when nobody waits for that any more. */
  readonly ended: Promise<void>
  readonly end: () => void
}

export interface PermissionBrokerContext {
  owner: { tenantId: string; sessionId: string }
  writer: SessionWriter
  /** How long a process is kept for a request that nobody answers, in milliseconds. */
  parkMs: number
  /** The turn that is running. */
  currentTurn(): OpenTurn | undefined
  /** Whether that subagent works in the background, and not for the turn. */
  isInBackground(agentId: string | null): boolean
  /** What the process works with now. */
  findConfiguration(): RunConfiguration
  /** The session as it is stored now. */
  findSession(): Promise<SessionRecord>
  /** Whether the shell has left the directory that a new process begins in. */
  isShellElsewhere(): boolean
  /** Whether something else runs in the process. */
  isProcessNeeded(): boolean
  /** Whether a new process could go on at that tool call. */
  canContinue(toolUseId: string): Promise<boolean>
  /** Ends the process before it can say anything more. */
  abandon(): Promise<void>
}

/** What a person has decided, and who it was. */
export interface Decision {
  answer: PermissionAnswer
  decidedBy: string
  /** What it changes for the rest of the session. */
  remembered: PermissionRecord['remembered']
  /** Stored with it. */
  change: Pick<Change, 'session' | 'events'>
}

/**
 * The open permission requests of one session. Each is stored before anyone is told, waits for one answer, and
 * never stays open longer than what asked for it: while the turn has an open one it is `requires_action`. One
 * that waits for long, alone, does so without a process.
 */
export class PermissionBroker {
  readonly #context: PermissionBrokerContext
  readonly #open = new Map<string, Open>()
  /** The answer that the next process is to be told. */
  #undelivered: { record: PermissionRecord; answer: PermissionAnswer } | undefined
  parked: Parked | undefined
  /** Whether the server shuts down: what is open stays as it is stored. */
  isShelved = false
  #isClosed = false

  constructor(context: PermissionBrokerContext) {
    this.#context = context
  }

  /** What the process worked with that the next one goes on for. */
  get continuesWith(): RunConfiguration | null {
    return this.#undelivered?.record.runsWith ?? null
  }

  /** The mode that the answer puts the next process into; undefined: the one that it starts with. */
  get continuesInMode(): RunConfiguration['permissionMode'] | undefined {
    return findMode(this.#undelivered?.answer.updates ?? [])
  }

  /** How many wait for an answer. */
  get pending(): number {
    return this.#open.size
  }

  /**
   * Asks people, and resolves with what they say. Never rejects: a request that is not answered is denied.
   * @param signal fires when the process does not want to know any more
   */
  async ask(question: PermissionQuestion, signal: AbortSignal): Promise<PermissionAnswer> {
    if (this.isShelved || this.#isClosed) return deny(texts.withdrawn)
    const known = this.#deliver(question)
    if (known) return known
    const { currentTurn, isInBackground } = this.#context
    const findTurn = () => (isInBackground(question.agentId) ? undefined : currentTurn())
    const turn = findTurn()
    const { settings, remembered } = await this.#context.findSession()
    const timeoutMs = settings.permissionTimeoutMs
    // What asked may be over by now.
    if (signal.aborted || this.#isClosed || turn !== findTurn()) return deny(texts.withdrawn)
    if (isRemembered(remembered, question)) return { allow: true, input: null, updates: [], message: null }
    const asked = newPermission(this.#context.owner, turn, question, Date.now(), timeoutMs)
    const record = canBeContinued(asked, this.#context.isShellElsewhere())
      ? { ...asked, runsWith: this.#context.findConfiguration() }
      : asked
    const { promise, resolve } = Promise.withResolvers<PermissionAnswer>()
    this.#add(record, resolve)
    signal.addEventListener(
      'abort',
      () => {
        if (this.parked?.permissionId !== record.id) void this.#close(record.id, 'withdrawn')
      },
      { once: true },
    )
    void this.#write(record, 'permission.requested')
    return promise
  }

  /**
   * Answers a request. Resolves when the answer is stored and the process has been told.
   * @returns undefined when there is no such request that waits for an answer
   */
  async decide(permissionId: string, decision: Decision): Promise<PermissionRecord | undefined> {
    const { answer } = decision
    await this.expireDue()
    return this.#settle(permissionId, answer.allow ? 'allowed' : 'denied', answer, decision)
  }

  /** Closes the requests whose `expiresAt` has come, whatever their timers say. */
  async expireDue(): Promise<void> {
    const now = Date.now()
    const due = [...this.#open.values()].filter(({ record }) => record.expiresAt <= now)
    await Promise.all(due.map(({ record }) => this.#close(record.id, 'expired')))
  }

  /** Closes what the turn has asked for: it is over. */
  async withdrawOfTurn(): Promise<void> {
    this.#forgetParked()
    await this.#withdraw(({ turnId }) => turnId !== null)
  }

  /** Closes what was asked for beside the turns: the process that did is gone. */
  async withdrawOfBackground(): Promise<void> {
    await this.#withdraw(({ turnId }) => turnId === null)
  }

  /** The session has ended: whatever is open is closed, and nothing more is asked. */
  async close(): Promise<void> {
    this.#isClosed = true
    await this.#withdraw(() => true)
  }

  /** Takes in a request that was open when the server stopped; its process is gone. */
  readopt(record: PermissionRecord): void {
    if (record.toolUseId === null) throw new Error(`permission ${record.id} cannot be waited for`)
    this.#park(record.id, record.toolUseId)
    if (record.status === 'pending') this.#add(record, () => {})
    else if (record.answer) this.#keepForNext(record, record.answer)
  }

  /**
   * The server shuts down. A request that can wait without a process does so over the restart.
   * @returns false when what is open cannot wait
   */
  async shelve(): Promise<boolean> {
    if (!this.parked && !(await this.#parkNow())) return false
    this.isShelved = true
    for (const { expiry } of this.#open.values()) expiry.cancel()
    this.parked?.end()
    // It may be on its way to a process that has not been told yet; the next life tells another.
    if (this.#undelivered) await this.#context.abandon()
    return true
  }

  async #parkNow(): Promise<boolean> {
    const [open] = this.#open.values()
    if (!open) return false
    // What Claude Code has said last may still be on its way into the store.
    for (let waited = 0; !(await this.#tryPark(open)); waited += shelvingStepMs) {
      if (waited >= shelvingBoundMs || !this.#mayPark(open)) return false
      await pause(shelvingStepMs)
    }
    return true
  }

  #add(record: PermissionRecord, resolve: Open['resolve']): void {
    const expiry = atTime(record.expiresAt, () => void this.#close(record.id, 'expired'))
    const open: Open = { record, resolve, expiry, parking: undefined }
    this.#open.set(record.id, open)
    this.#parkLater(open)
  }

  /** Again and again: what keeps it from being parked may pass. */
  #parkLater(open: Open): void {
    if (this.parked) return
    open.parking = afterDuration(this.#context.parkMs, async () => {
      const parked = !this.#context.isProcessNeeded() && (await this.#tryPark(open))
      if (!parked && this.#open.has(open.record.id)) this.#parkLater(open)
    })
  }

  async #tryPark(open: Open): Promise<boolean> {
    const { id, toolUseId } = open.record
    if (toolUseId === null || !this.#mayPark(open)) return false
    if (!(await this.#context.canContinue(toolUseId)) || !this.#mayPark(open)) return false
    this.#park(id, toolUseId)
    await this.#context.abandon()
    open.resolve(deny(texts.withdrawn))
    return true
  }

  /** Whether a request is of the kind that can wait without a process, and the only one that is open. */
  #mayPark({ record }: Open): boolean {
    const isAlone = this.#open.size === 1 && this.#open.has(record.id) && !this.parked
    return isAlone && record.turnId !== null && canBeContinued(record, this.#context.isShellElsewhere())
  }

  #park(permissionId: string, toolUseId: string): void {
    const { promise: ended, resolve: end } = Promise.withResolvers<void>()
    this.parked = { permissionId, toolUseId, ended, end }
  }

  async #withdraw(isMeant: (record: PermissionRecord) => boolean): Promise<void> {
    const meant = [...this.#open.values()].filter(({ record }) => isMeant(record))
    await Promise.all(meant.map(({ record }) => this.#close(record.id, 'withdrawn')))
  }

  /** The answer is told, or nobody will ask for it any more: it need not be kept. */
  #forgetParked(): void {
    const undelivered = this.#undelivered
    this.parked = undefined
    this.#undelivered = undefined
    if (!undelivered) return
    const told = { ...undelivered.record, answer: null, runsWith: null }
    void this.#context.writer.write({ savePermission: told, events: [] })
  }

  #close(permissionId: string, status: 'expired' | 'withdrawn'): Promise<unknown> {
    return this.#settle(permissionId, status, deny(texts[status]))
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
    const isParked = this.parked?.permissionId === permissionId && status !== 'withdrawn'
    const decided: PermissionRecord = {
      ...open.record,
      status,
      // Until a process has been told: it must survive a crash as well.
      answer: isParked ? answer : null,
      runsWith: isParked ? open.record.runsWith : null,
      decidedAt: Date.now(),
      decidedBy,
      message: decidedBy === null ? null : answer.message,
      updatedInput: open.record.kind === 'tool' ? answer.input : null,
      remembered: decision?.remembered ?? [],
    }
    await this.#write(decided, 'permission.resolved', decision?.change)
    if (isParked) this.#keepForNext(decided, answer)
    else open.resolve(answer)
    return decided
  }

  #keepForNext(record: PermissionRecord, answer: PermissionAnswer): void {
    this.#undelivered = { record, answer }
    this.parked?.end()
  }

  /** The process that goes on asks again what has been answered. */
  #deliver({ toolUseId }: PermissionQuestion): PermissionAnswer | undefined {
    const undelivered = this.#undelivered
    if (undelivered === undefined || undelivered.record.toolUseId !== toolUseId) return undefined
    this.#forgetParked()
    return undelivered.answer
  }

  /** Whoever takes a request decides it: there is no second one. */
  #take(permissionId: string): Open | undefined {
    const open = this.isShelved ? undefined : this.#open.get(permissionId)
    if (!open) return undefined
    open.expiry.cancel()
    open.parking?.cancel()
    this.#open.delete(permissionId)
    return open
  }

  /** With it goes what it makes of the turn. */
  #write(
    record: PermissionRecord,
    type: 'permission.requested' | 'permission.resolved',
    change: Pick<Change, 'session' | 'events'> = { events: [] },
  ): Promise<void> {
    const turn = this.#context.currentTurn()
    const waits = [...this.#open.values()].some(open => open.record.turnId === turn?.record.id)
    const status = waits ? 'requires_action' : 'running'
    const moves = turn && turn.record.status !== status && isAtWork(turn.record.status)
    if (moves) turn.record.status = status
    return this.#context.writer.write({
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

/** Nobody has said so. */
function deny(message: string): PermissionAnswer {
  return { allow: false, input: null, updates: [], message, unanswered: true }
}
