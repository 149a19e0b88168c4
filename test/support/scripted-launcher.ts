import { randomUUID } from 'node:crypto'
import type { Prompt } from '../../src/contract/turns.ts'
import type {
  Agent,
  AgentFailure,
  AgentInspection,
  AgentLauncher,
  AgentListener,
  AgentSpec,
  TurnOutcome,
} from '../../src/sessions/ports.ts'
import type { PermissionAnswer, PermissionQuestion } from '../../src/sessions/records.ts'

/** What a script can do during a turn. */
export interface TurnScene {
  text: string
  spec: AgentSpec
  say(text: string): void
  delta(text: string): void
  /** Asks people whether a tool may be used; fires with the signal when the turn is stopped. */
  ask(question?: Partial<PermissionQuestion>): Promise<PermissionAnswer>
  /** Resolves when the turn is interrupted, or its process is closed or dies. */
  stopped: Promise<void>
  die(): void
}

export type Script = (scene: TurnScene) => Promise<string>

export const someQuestion: PermissionQuestion = {
  kind: 'tool',
  toolName: 'Bash',
  toolUseId: 'toolu_1',
  agentId: null,
  input: { command: 'make' },
  title: 'Claude wants to run make',
  description: null,
  suggestions: [],
  elicitation: null,
}

const figures = {
  usage: { inputTokens: 1, outputTokens: 1, cacheReadInputTokens: 0, cacheCreationInputTokens: 0 },
  costUsd: 0.01,
}

/**
 * An engine that plays a script instead of Claude Code: no process, same port, same promises (see the suite).
 * Prompts: `hang` runs until it is stopped, `die` loses its process, `ask` asks people for permission, anything else
 * is said back.
 */
export class ScriptedLauncher implements AgentLauncher {
  lastInspection: AgentInspection | undefined = { status: 'ok', version: 'scripted' }
  startFailure: AgentFailure | undefined
  /** Every specification that was launched. */
  readonly launched: AgentSpec[] = []
  readonly agents = new Set<ScriptedAgent>()
  script: Script

  constructor(script: Script = playPrompt) {
    this.script = script
  }

  launch(spec: AgentSpec, listener: AgentListener): Agent {
    this.launched.push(spec)
    const agent = new ScriptedAgent(spec, listener, scene => this.script(scene), this.startFailure)
    this.agents.add(agent)
    void agent.exited.then(() => this.agents.delete(agent))
    return agent
  }

  async inspect(): Promise<AgentInspection> {
    return this.lastInspection ?? { status: 'ok' }
  }

  async close(): Promise<void> {
    await Promise.all([...this.agents].map(agent => agent.close()))
  }
}

export const playPrompt: Script = async scene => {
  if (scene.text.startsWith('hang')) {
    scene.say('working')
    await scene.stopped
    return ''
  }
  if (scene.text.startsWith('die')) {
    scene.die()
    return ''
  }
  if (scene.text.startsWith('ask')) {
    const { allow, message } = await scene.ask()
    return `${allow ? 'allowed' : 'denied'}: ${message}`
  }
  for (const word of scene.text.split(' ')) scene.delta(`${word} `)
  scene.say(`You said: ${scene.text}`)
  return `You said: ${scene.text}`
}

class ScriptedAgent implements Agent {
  readonly exited: Promise<void>
  alive = true
  /** What was handed to running turns. */
  readonly steered: Prompt[] = []
  readonly startFailure: AgentFailure | undefined
  readonly spec: AgentSpec
  readonly #listener: AgentListener
  readonly #script: Script
  #stop: ((how: 'interrupted' | 'died') => void) | undefined
  #leave: () => void

  constructor(
    spec: AgentSpec,
    listener: AgentListener,
    script: Script,
    startFailure: AgentFailure | undefined,
  ) {
    this.spec = spec
    this.#listener = listener
    this.#script = script
    this.startFailure = startFailure
    const { promise, resolve } = Promise.withResolvers<void>()
    this.exited = promise
    this.#leave = resolve
    if (startFailure) this.#gone()
  }

  async runTurn({ turnId, prompt }: { turnId: string; prompt: Prompt }): Promise<TurnOutcome> {
    if (this.startFailure) return failed(this.startFailure, true)
    if (!this.alive) return failed(died, false)
    const { claudeSessionId } = this.spec
    const stop = Promise.withResolvers<'interrupted' | 'died'>()
    this.#stop = stop.resolve
    this.#listener.onIdentity({ claudeSessionId, model: this.spec.model ?? 'scripted-model' })
    const text = typeof prompt === 'string' ? prompt : JSON.stringify(prompt)
    const messageId = `msg_${turnId}`
    const stopping = new AbortController()
    void stop.promise.then(() => stopping.abort())
    const played = this.#script({
      ask: question => this.#listener.onPermission({ ...someQuestion, ...question }, stopping.signal),
      text,
      spec: this.spec,
      stopped: stop.promise.then(() => {}),
      say: said =>
        this.#listener.onMessage({
          type: 'assistant',
          message: { id: messageId, role: 'assistant', content: [{ type: 'text', text: said }] },
          parent_tool_use_id: null,
          uuid: randomUUID(),
          session_id: claudeSessionId,
        }),
      delta: piece =>
        this.#listener.onDelta({ messageId, blockIndex: 0, delta: { type: 'text', text: piece } }),
      die: () => this.#gone(),
    })
    const how = await Promise.race([stop.promise, played.then(() => 'played' as const)])
    this.#stop = undefined
    if (how === 'died') return failed(died, false)
    if (how === 'interrupted') return { status: 'interrupted', response: null, ...figures }
    return { status: 'completed', stopReason: 'end_turn', response: await played, ...figures }
  }

  steer({ prompt }: { id: string; prompt: Prompt }): boolean {
    if (!this.#stop) return false
    this.steered.push(prompt)
    return true
  }

  loseTranscript(): void {
    this.#listener.onTranscriptLost()
  }

  get running(): boolean {
    return this.#stop !== undefined
  }

  interrupt(): void {
    this.#stop?.('interrupted')
  }

  async close(): Promise<void> {
    this.#gone()
  }

  #gone(): void {
    this.alive = false
    this.#stop?.('died')
    this.#leave()
  }
}

const died: AgentFailure = { reason: 'process_died', message: 'the process is gone' }

function failed(failure: AgentFailure, unavailable: boolean): TurnOutcome {
  return { status: 'failed', failure, unavailable, response: null, usage: null, costUsd: null }
}
