import { randomUUID } from 'node:crypto'
import type { ServiceError } from '../../contract/errors.ts'
import type { Prompt } from '../../contract/turns.ts'
import { fillIn } from '../attachments/prompt-attachments.ts'
import { forgetRefusedPrompt, type RefusedPromptParts } from '../branching/refused-prompt.ts'
import { canCarryNote, toRestoredNote, withNote } from '../files/restored-note.ts'
import type { WorkspaceSnapshots } from '../files/workspace-snapshots.ts'
import type { Limits } from '../limits/limits.ts'
import type { SessionWriter } from '../log/session-writer.ts'
import { withMentions } from '../mentions/mentions-of-turn.ts'
import type { SteeredInput, TurnOutcome, WorkspaceFiles } from '../ports/index.ts'
import type { SessionProcess } from '../processes/session-process.ts'
import { Unlaunchable } from '../processes/unlaunchable.ts'
import type { SessionsObserver } from '../reports/figures.ts'
import { isAtWork, type OpenTurn } from './turn.ts'
import { toEnd, toEndWithoutOutcome, toStart } from './turn-changes.ts'
import { figuresOf, withEarlier } from './turn-figures.ts'

export interface TurnRunnerContext extends RefusedPromptParts {
  sessionTimeoutMs: number
  limits: Limits
  workspace: WorkspaceFiles
  /** Undefined: directories stay where they are. */
  snapshots: WorkspaceSnapshots | undefined
  observer: Pick<SessionsObserver, 'onTurnEnded'>
}

const nothing = { response: null, usage: null, costUsd: null }
const stopped: TurnOutcome = { status: 'interrupted', ...nothing }

/** Runs one turn after the other in the session's process, each to its stored end. */
export class TurnRunner {
  readonly #context: TurnRunnerContext
  readonly #process: SessionProcess

  constructor(context: TurnRunnerContext, process: SessionProcess) {
    this.#context = context
    this.#process = process
  }

  /** Resolves when the end is stored, or when the server shuts down and the turn stays open as it is stored. */
  async run(turn: OpenTurn): Promise<void> {
    try {
      await this.#run(turn)
    } finally {
      turn.releasePermit()
    }
  }

  async #run(turn: OpenTurn): Promise<void> {
    const hasWaited = turn.record.status === 'queued'
    if (hasWaited) await this.#start(turn)
    if (isAtWork(turn.record.status)) return this.#finish(turn, await this.#workOn(turn, hasWaited))
    if (turn.stop) return this.cancel(turn)
    turn.cancelDeadline()
    turn.markLeft()
  }

  /** Ends a turn that has not started. */
  async cancel(turn: OpenTurn): Promise<void> {
    turn.cancelDeadline()
    if (!(await turn.accepted)) return
    await this.#end(turn, toEndWithoutOutcome(turn, 'cancelled', Date.now()))
  }

  /** Waits for a slot, unless the turn is stopped first. */
  async #start(turn: OpenTurn): Promise<void> {
    if (turn.stop || !(await this.#findPermit(turn))) return
    if (turn.stop || !(await this.#process.renewSlot(callerOf(turn), turn.stopping)) || turn.stop) return
    const { recorder, writer } = this.#process
    await writer.write(toStart(turn, recorder.claudeSessionId, Date.now()))
  }

  /** @returns `suspended` when the turn outlives the server */
  async #workOn(turn: OpenTurn, hasWaited: boolean): Promise<TurnOutcome | 'suspended'> {
    this.#process.background.chargedTo = turn.record.createdBy
    // The files of the turn before are stored before this one changes them.
    await this.#context.snapshots?.settled(turn.record.sessionId)
    try {
      const spent = hasWaited ? await this.#context.limits.findSpent(callerOf(turn)) : undefined
      if (spent) return toSpentOutcome(spent)
      // For a turn that continues after a restart.
      for (const input of turn.steered) input.prompt = await this.#fillIn(turn, input.prompt)
      const outcome = await this.#converse(turn, await this.#fillInAll(turn))
      return outcome === 'suspended' ? outcome : withEarlier(outcome, turn.before)
    } catch (error) {
      if (error instanceof Unlaunchable) return withEarlier(error.outcome, turn.before)
      const { id, sessionId } = turn.record
      this.#context.faults.error({ err: error, sessionId, turnId: id }, 'turn failed unexpectedly')
      const failure = { reason: 'unknown', message: 'The turn failed unexpectedly' } as const
      return withEarlier({ status: 'failed', failure, unavailable: false, ...nothing }, turn.before)
    }
  }

  /** Gives the prompt to the process. A turn that is suspended continues in another process when it is answered. */
  async #converse(turn: OpenTurn, prompt: Prompt): Promise<TurnOutcome | 'suspended'> {
    const process = this.#process
    const { suspension } = process.requests
    // A turn that only waited has spent nothing more.
    const stop = (): TurnOutcome => (turn.before ? { ...stopped, costUsd: 0 } : stopped)
    for (;;) {
      const suspended = suspension.current
      if (suspended) {
        await process.suspend()
        turn.releasePermit()
        await Promise.race([suspended.over, whenAborted(turn.stopping)])
        if (turn.stop) return stop()
        if (suspension.outlivesServer || !(await this.#findPermit(turn)) || !(await this.#findSlot(turn))) {
          return turn.stop ? stop() : 'suspended'
        }
      }
      if (turn.stop) return stop()
      const agent = await process.obtain(suspended?.toolUseId)
      if (turn.stop) return stop()
      if (suspension.outlivesServer) return 'suspended'
      const outcome = await agent.runTurn({
        turnId: turn.record.id,
        prompt,
        commands: turn.record.commands,
        continues: suspended !== undefined,
        steered: suspended ? [...turn.steered, ...(await this.#findNotes(turn))] : turn.steered,
      })
      if (suspension.outlivesServer && !turn.stop) return 'suspended'
      const next = suspension.current
      if (!next || next === suspended || turn.stop) return outcome
      turn.before = figuresOf(turn.record)
    }
  }

  async #finish(turn: OpenTurn, outcome: TurnOutcome | 'suspended'): Promise<void> {
    const { requests, state } = this.#process
    turn.cancelDeadline()
    if (outcome === 'suspended') return turn.markLeft()
    await requests.withdrawOfTurn()
    await forgetRefusedPrompt(this.#context, turn, outcome, this.#process)
    await state.settled()
    const at = Date.now()
    const session = { lastActivityAt: at, expiresAt: at + this.#context.sessionTimeoutMs }
    await this.#end(turn, { ...toEnd(turn, outcome, at), session })
    this.#context.snapshots?.begin(turn.record)
  }

  async #end(turn: OpenTurn, write: Parameters<SessionWriter['write']>[0]): Promise<void> {
    const stored = await this.#process.writer.write(write)
    if (stored.length === 0) return turn.markLeft()
    turn.record.lastSequence = stored.at(-1)?.sequence ?? turn.record.lastSequence
    turn.markEnded(this.#process.recorder.claudeSessionId)
    this.#context.observer.onTurnEnded(turn.record, turn.times)
  }

  /** Waits until the limits of the caller let it run. */
  async #findPermit(turn: OpenTurn): Promise<boolean> {
    const { running } = this.#context.limits
    const caller = callerOf(turn)
    turn.permit ??=
      running.take(caller) ??
      (await this.#process.whileResting(() => running.wait(caller, turn.record.sessionId, turn.stopping)))
    return turn.permit !== undefined
  }

  async #findSlot(turn: OpenTurn): Promise<boolean> {
    return this.#process.reserve() || this.#process.waitForSlot(callerOf(turn), turn.stopping)
  }

  /** A turn that continues in another process has given its prompt already. */
  async #fillInAll(turn: OpenTurn): Promise<Prompt> {
    const prompt = await this.#fillIn(turn, turn.record.prompt)
    if (this.#process.requests.suspension.current) return prompt
    const filled = await withMentions(prompt, turn.record, { ...this.#context, writer: this.#process.writer })
    return this.#context.snapshots ? this.#withNote(turn, filled, this.#context.snapshots) : filled
  }

  /** Input for a turn that continues without files that it has changed. */
  async #findNotes({ record }: OpenTurn): Promise<SteeredInput[]> {
    const { snapshots } = this.#context
    const restored = await snapshots?.findUntold(record)
    if (!restored?.turnCutOff) return []
    snapshots?.markTold(record.sessionId)
    return [{ id: randomUUID(), prompt: toRestoredNote(restored) }]
  }

  /** The prompt with what Claude has to know of the files, which is not stored as the caller's text. */
  async #withNote({ record }: OpenTurn, prompt: Prompt, snapshots: WorkspaceSnapshots): Promise<Prompt> {
    const restored = canCarryNote(prompt, record.commands) && (await snapshots.findUntold(record))
    if (!restored) return prompt
    snapshots.markTold(record.sessionId)
    return withNote(prompt, toRestoredNote(restored))
  }

  #fillIn({ record: { tenantId, sessionId } }: OpenTurn, prompt: Prompt): Promise<Prompt> {
    return fillIn(this.#context.store.attachments, { tenantId, sessionId }, prompt)
  }
}

/** The end of a turn that waited while its key or tenant spent what it may: Claude was not asked. */
function toSpentOutcome({ message, details }: ServiceError<'SPEND_LIMIT_REACHED'>): TurnOutcome {
  const retryAt = details?.retryAt === undefined ? undefined : Date.parse(details.retryAt)
  const usage = { inputTokens: 0, outputTokens: 0, cacheReadInputTokens: 0, cacheCreationInputTokens: 0 }
  const failure = { reason: 'spend_limit_reached' as const, message, ...(retryAt && { retryAt }) }
  return { status: 'failed', failure, unavailable: false, response: null, usage, costUsd: 0 }
}

function callerOf({ record: { tenantId, createdBy } }: OpenTurn) {
  return { tenantId, keyId: createdBy }
}

function whenAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise(resolve => signal.addEventListener('abort', () => resolve(), { once: true }))
}
