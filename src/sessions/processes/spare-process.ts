import { randomUUID } from 'node:crypto'
import type { Agent, AgentLauncher, AgentListener, AgentSpec } from '../ports/index.ts'
import type { PermissionAnswer } from '../records.ts'
import type { ProcessPool, Slot, SlotHolder } from './process-pool.ts'

/** The launch of a process, without its conversation. */
export type SpareSpec = Omit<AgentSpec, 'claudeSessionId' | 'resume'>

/** A process that has been started before its session, in a conversation in which nothing has been said. */
export interface Spare {
  readonly spec: SpareSpec
  readonly claudeSessionId: string
  readonly agent: Agent
  readonly slot: Slot
  /** Resolves when it can take a prompt, or is gone. */
  readonly ready: Promise<void>
  /** Sends what the process reports there from now on. */
  listenTo(listener: AgentListener): void
  /** Ends it. */
  retire(): Promise<void>
}

/** A process without a session has nothing to ask permission for. */
const denial: PermissionAnswer = { allow: false, input: null, updates: [], message: null }

/** Starts a process for a session that is yet to come; undefined where there is no room for it. */
export async function startSpareProcess(
  launcher: AgentLauncher,
  pool: ProcessPool,
  spec: SpareSpec,
): Promise<Spare | undefined> {
  let agent: Agent | undefined
  const holder: SlotHolder = {
    get liveAgent() {
      return agent?.alive ? agent : undefined
    },
    async retire() {
      await agent?.close()
      slot?.release()
    },
  }
  // Never the last slot: a turn would have to wait until it is free again.
  const slot = pool.hasRoomFor(2) ? pool.takeFree(holder) : undefined
  if (!slot) return undefined
  await slot.free
  const claudeSessionId = randomUUID()
  const { listener, listenTo, ready } = relay()
  agent = launcher.launch({ ...spec, claudeSessionId, resume: false }, listener)
  slot.markSpare()
  return {
    spec,
    claudeSessionId,
    agent,
    slot,
    ready: Promise.race([ready, agent.exited]),
    listenTo,
    retire: holder.retire,
  }
}

/** A listener that hands on to another one, as soon as there is one. */
function relay() {
  let to: AgentListener | undefined
  /** Lines of its transcript from before it had a session. */
  const early: Parameters<AgentListener['onTranscript']>[] = []
  const ready = Promise.withResolvers<void>()
  const listener: AgentListener = {
    onMessage: (message, isOfTurn) => to?.onMessage(message, isOfTurn),
    onDelta: delta => to?.onDelta(delta),
    onDeltaVoided: block => to?.onDeltaVoided(block),
    onActivity: (activity, isOfTurn) => to?.onActivity(activity, isOfTurn),
    onSuggestion: (text, turnId) => to?.onSuggestion(text, turnId),
    onFigures: figures => to?.onFigures(figures),
    // Nothing has been said in it that could be lost.
    onConversation: async () => ready.resolve(),
    onIdentity: identity => to?.onIdentity(identity),
    onState: async state => to?.onState(state),
    onPermission: async (question, signal) => to?.onPermission(question, signal) ?? denial,
    onBeforeTool: async use => to?.onBeforeTool(use),
    onAfterTool: async use => to?.onAfterTool(use),
    onTranscript: (...lines) => (to ? to.onTranscript(...lines) : void early.push(lines)),
    onTranscriptLost: () => to?.onTranscriptLost(),
    onTask: (task, turnId) => to?.onTask(task, turnId),
    onAutonomousWorkStart: () => to?.onAutonomousWorkStart(),
    onAutonomousWorkEnd: work => to?.onAutonomousWorkEnd(work),
  }
  const listenTo = (given: AgentListener) => {
    to = given
    for (const lines of early.splice(0)) given.onTranscript(...lines)
  }
  return { listener, listenTo, ready: ready.promise }
}
