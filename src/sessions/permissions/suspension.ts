import { setTimeout as pause } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { type Alarm, afterDuration } from '../../lib/alarm.ts'
import type { SessionWriter } from '../log/session-writer.ts'
import type { FollowedState } from '../processes/followed-state.ts'
import type { PermissionAnswer, PermissionQuestion, PermissionRecord, RunConfiguration } from '../records.ts'
import { canBeContinued } from './continuable.ts'
import { findMode } from './remembering.ts'

/** How long a shutdown waits until an open request can be suspended, in milliseconds. */
const shutdownBoundMs = 2_000
const shutdownStepMs = 50

/** A permission request that has not been answered. */
export interface OpenRequest {
  record: PermissionRecord
  /** Tells the process that asked. */
  readonly resolve: (answer: PermissionAnswer) => void
  readonly expiry: Alarm
  suspending: Alarm | undefined
}

/** A turn that waits for a person without a process. */
export interface Suspended {
  readonly permissionId: string
  /** The tool call at which a new process continues. */
  readonly toolUseId: string
  /** Resolves when the request has been answered, or when the wait is over for another reason. */
  readonly over: Promise<void>
  readonly end: () => void
}

/** The session's process, as far as a suspension is concerned. */
export interface SuspendableProcess {
  /** How long a process is kept for an open request, in milliseconds. */
  readonly suspendAfterMs: number
  /** Whether something else runs in the process, or the turn could not continue in another one. */
  readonly isIrreplaceable: boolean
  readonly writer: SessionWriter
  readonly state: Pick<FollowedState, 'isShellElsewhere'>
  /** Whether a new process could continue at that tool call. */
  canContinue(toolUseId: string): Promise<boolean>
  /** Stores the directory that the process works in, where another node may resume the turn. */
  saveFiles(): Promise<void>
  /** Ends the process before it can say anything more. */
  abandon(): Promise<void>
}

/**
 * Lets a turn wait for a person without a process. A request that stays open for long is suspended: its process is
 * ended and its slot is free. The answer is stored, and kept here until the process that resumes the conversation
 * asks again for the same tool call.
 */
export class Suspension {
  readonly #process: SuspendableProcess
  readonly #open: ReadonlyMap<string, OpenRequest>
  /** The answer for the process that resumes. */
  #undelivered: { record: PermissionRecord; answer: PermissionAnswer } | undefined
  current: Suspended | undefined
  /** Whether the server shuts down with the turn suspended: requests stay open as they are stored. */
  outlivesServer = false

  constructor(process: SuspendableProcess, open: ReadonlyMap<string, OpenRequest>) {
    this.#process = process
    this.#open = open
  }

  /** Configuration of the process that was given up, with which the next one continues. */
  get continuesWith(): RunConfiguration | null {
    return this.#undelivered?.record.runsWith ?? null
  }

  /** The kind of the request at whose tool call the next process continues. */
  get continuesAs(): PermissionRecord['kind'] | undefined {
    return this.#undelivered?.record.kind
  }

  /** Permission mode into which the answer puts the next process; undefined: the one it starts with. */
  get continuesInMode(): RunConfiguration['permissionMode'] | undefined {
    return findMode(this.#undelivered?.answer.updates ?? [])
  }

  holds(permissionId: string): boolean {
    return this.current?.permissionId === permissionId
  }

  /** Suspends the request when it has been open for long; tries again while something prevents it. */
  schedule(open: OpenRequest): void {
    if (this.current) return
    open.suspending = afterDuration(this.#process.suspendAfterMs, async () => {
      const suspended =
        !this.#process.isIrreplaceable &&
        // A store that cannot be read says nothing about the turn.
        (await this.#trySuspend(open).catch(() => false))
      if (!suspended && this.#open.has(open.record.id)) this.schedule(open)
    })
  }

  /** Takes over a request of a previous run of the server, whose process is gone. */
  restore(record: PermissionRecord): void {
    if (record.toolUseId === null) throw new Error(`permission ${record.id} has no tool call to continue at`)
    this.#suspend(record.id, record.toolUseId)
  }

  /**
   * Suspends the turn beyond a shutdown of the server, if the only thing it waits for is a person.
   * @returns false when it cannot be suspended
   */
  async outliveServer(): Promise<boolean> {
    if (!this.current && !(await this.#suspendNow())) return false
    this.outlivesServer = true
    for (const { expiry } of this.#open.values()) expiry.cancel()
    this.current?.end()
    // The answer may be on its way to a process that has not received it; the next run of the server delivers it.
    if (this.#undelivered) await this.#process.abandon()
    return true
  }

  /** Keeps an answer for the process that resumes, and lets the turn continue. */
  keepAnswer(record: PermissionRecord, answer: PermissionAnswer): void {
    this.#undelivered = { record, answer }
    this.current?.end()
  }

  /** The kept answer, if this is the question that it is for; it counts as delivered then. */
  deliver(question: PermissionQuestion): PermissionAnswer | undefined {
    const undelivered = this.#undelivered
    if (!undelivered || !isSameQuestion(undelivered.record, question)) return undefined
    this.clear()
    // An input that a person has not seen is not allowed by the answer.
    const isOther =
      question.kind === 'tool' && !isDeepStrictEqual(question.input, undelivered.record.request.input)
    return isOther && undelivered.answer.allow ? undefined : undelivered.answer
  }

  /** The answer has been delivered, or the turn is over and no process will ask for it. */
  clear(): void {
    const undelivered = this.#undelivered
    this.current = undefined
    this.#undelivered = undefined
    if (!undelivered) return
    const told = { ...undelivered.record, answer: null, runsWith: null }
    void this.#process.writer.write({ savePermission: told, events: [] })
  }

  async #suspendNow(): Promise<boolean> {
    const [open] = this.#open.values()
    if (!open) return false
    // The last messages of the process may still be on their way into the store.
    for (let waited = 0; !(await this.#trySuspend(open)); waited += shutdownStepMs) {
      if (waited >= shutdownBoundMs || !this.#maySuspend(open)) return false
      await pause(shutdownStepMs)
    }
    return true
  }

  async #trySuspend(open: OpenRequest): Promise<boolean> {
    const { id, toolUseId } = open.record
    if (toolUseId === null || !this.#maySuspend(open)) return false
    if (!(await this.#process.canContinue(toolUseId)) || !this.#maySuspend(open)) return false
    await this.#process.saveFiles()
    if (!this.#maySuspend(open)) return false
    this.#suspend(id, toolUseId)
    await this.#process.abandon()
    open.resolve(unanswered('The permission request was withdrawn: its process has ended.'))
    return true
  }

  /** Whether the request is of a kind that can be suspended, and the only open one. */
  #maySuspend({ record }: OpenRequest): boolean {
    const isAlone = this.#open.size === 1 && this.#open.has(record.id) && !this.current
    return isAlone && record.turnId !== null && canBeContinued(record, this.#process.state.isShellElsewhere)
  }

  #suspend(permissionId: string, toolUseId: string): void {
    const { promise: over, resolve: end } = Promise.withResolvers<void>()
    this.current = { permissionId, toolUseId, over, end }
  }
}

function isSameQuestion(
  { toolUseId, kind, request }: PermissionRecord,
  question: PermissionQuestion,
): boolean {
  // An earlier version stored no index.
  const { hookIndex = question.hookIndex } = request
  return toolUseId === question.toolUseId && kind === question.kind && hookIndex === question.hookIndex
}

/** A denial that no person has decided. */
export function unanswered(message: string): PermissionAnswer {
  return { allow: false, input: null, updates: [], message, unanswered: true }
}
