import { randomUUID } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import type { Agent, AgentLauncher, AgentListener, AgentSpec } from '../ports/index.ts'
import type { PermissionAnswer } from '../records.ts'
import type { ProcessPool, Slot, SlotHolder } from './process-pool.ts'

/** After this long without a new session the next spare is started, so that it is not in the way of a first turn. */
const quietMs = 1_000

/** What a process is started with, apart from the conversation. */
export type SpareSpec = Omit<AgentSpec, 'claudeSessionId' | 'resume'>

/** A process without a session has been given nothing to do. */
const nobodyAsked: PermissionAnswer = { allow: false, input: null, updates: [], message: null }

/** A process that is started already, in a conversation in which nothing has been said. */
export interface Spare {
  readonly claudeSessionId: string
  readonly agent: Agent
  readonly place: Slot
  /** From now on what it says goes there. */
  listenTo(listener: AgentListener): void
}

/**
 * Keeps one process ready for the next session. It is made for what the last session asked for, because the
 * next one is likely to ask for the same; a session that asks for something else starts its own.
 */
export class SpareProcess implements SlotHolder {
  readonly #launcher: AgentLauncher
  readonly #pool: ProcessPool
  #spec: SpareSpec | undefined
  #spare: Spare | undefined
  #timer: NodeJS.Timeout | undefined
  #closed = false

  constructor(launcher: AgentLauncher, pool: ProcessPool) {
    this.#launcher = launcher
    this.#pool = pool
  }

  /** The spare, if it is one for that; it is the caller's then. */
  take(wanted: SpareSpec): Spare | undefined {
    const spare = this.#spare
    if (!spare?.agent.alive || !this.#spec || !isSame(this.#spec, wanted)) return undefined
    this.#spare = undefined
    spare.place.markBusy()
    return spare
  }

  /** Takes back one that was not needed. */
  giveBack(spare: Spare): void {
    this.#spare = spare
    spare.place.markIdle()
  }

  /** Whether there is one, or it is known what the next one is to be for. */
  get isPrepared(): boolean {
    return this.#timer !== undefined
  }

  /** Lets the next spare be one for that; it is started when no session has come for a while. */
  prepare(spec: SpareSpec): void {
    clearTimeout(this.#timer)
    if (this.#closed) return
    this.#timer = setTimeout(() => void this.#start(spec), quietMs)
    this.#timer.unref()
  }

  async retire(): Promise<void> {
    const spare = this.#spare
    this.#spare = undefined
    await spare?.agent.close()
    spare?.place.release()
  }

  async close(): Promise<void> {
    this.#closed = true
    clearTimeout(this.#timer)
    await this.retire()
  }

  async #start(spec: SpareSpec): Promise<void> {
    if (this.#spare?.agent.alive && this.#spec && isSame(this.#spec, spec)) return
    await this.retire()
    // Never the last place: somebody would have to wait for it to be free again.
    if (this.#closed || this.#pool.free < 2) return
    const place = this.#pool.takeFree(this)
    if (!place) return
    const claudeSessionId = randomUUID()
    let listener: AgentListener | undefined
    const agent = this.#launcher.launch(
      { ...spec, claudeSessionId, resume: false },
      {
        onMessage: (message, isOfTurn) => listener?.onMessage(message, isOfTurn),
        onDelta: delta => listener?.onDelta(delta),
        onDeltaVoided: block => listener?.onDeltaVoided(block),
        onFigures: figures => listener?.onFigures(figures),
        // Nothing has been said in it that could be lost.
        onConversation: async () => {},
        onIdentity: identity => listener?.onIdentity(identity),
        onState: async state => listener?.onState(state),
        onPermission: async (question, signal) => listener?.onPermission(question, signal) ?? nobodyAsked,
        onBeforeTool: async use => listener?.onBeforeTool(use),
        onAfterTool: async use => listener?.onAfterTool(use),
        onTranscript: (part, entries) => listener?.onTranscript(part, entries),
        onTranscriptLost: () => listener?.onTranscriptLost(),
        onTask: (task, turnId) => listener?.onTask(task, turnId),
        onAutonomousWorkStart: () => listener?.onAutonomousWorkStart(),
        onAutonomousWorkEnd: work => listener?.onAutonomousWorkEnd(work),
      },
    )
    const spare: Spare = {
      claudeSessionId,
      agent,
      place,
      listenTo: given => {
        listener = given
      },
    }
    this.#spec = spec
    this.#spare = spare
    place.markIdle()
    void agent.exited.then(() => {
      if (this.#spare === spare) void this.retire()
    })
  }
}

function isSame(a: SpareSpec, b: SpareSpec): boolean {
  return isDeepStrictEqual(a, b)
}
