import { randomUUID } from 'node:crypto'
import { messageReader } from '../../src/claude/messages/message-reader.ts'
import type { Prompt } from '../../src/contract/turns.ts'
import type {
  Agent,
  AgentFailure,
  AgentInspection,
  AgentLauncher,
  AgentListener,
  AgentQuestions,
  AgentSpec,
  AgentTask,
  AutonomousWork,
  TranscriptEntry,
  TranscriptStore,
  TurnOutcome,
  UsageShare,
} from '../../src/sessions/ports/index.ts'
import type { PermissionAnswer, PermissionQuestion } from '../../src/sessions/records.ts'
import { createScriptedQuestions, scriptedTask } from './scripted-questions.ts'

/** What a script can do during a turn. */
export interface TurnScene {
  text: string
  spec: AgentSpec
  say(text: string): void
  delta(text: string): void
  /** Whether the prompt may run a command. */
  commands: boolean
  /** Says a message of any kind. */
  tell(message: Record<string, unknown>): void
  /** Starts a background task, which runs until it is stopped or the process is gone. */
  startTask(task?: Partial<AgentTask>): void
  /** Asks people whether a tool may be used; fires with the signal when the turn is stopped. */
  ask(question?: Partial<PermissionQuestion>): Promise<PermissionAnswer>
  /** Uses a tool that changes the file: `change` is what the tool does. */
  write(file: string, change: () => Promise<void>): Promise<void>
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
 * Prompts: `hang` runs until it is stopped, `task` starts a background task, `/compact` compacts as a command, `die` loses its process, `ask` asks people for permission, anything else
 * is said back.
 */
export class ScriptedLauncher implements AgentLauncher {
  readonly messages = messageReader
  lastInspection: AgentInspection | undefined = { status: 'ok', version: 'scripted' }
  startFailure: AgentFailure | undefined
  /** Whether a process takes another configuration while it lives. */
  canReconfigure = false
  /** The title that it gives a session; null: none. */
  titleOf: (description: string) => string | null = description => `About ${description.split('\n')[0]}`
  /** Is waited for before each answer to a question. */
  whenAsked: (() => Promise<void>) | undefined
  /** Every specification that was launched. */
  readonly launched: AgentSpec[] = []
  readonly agents = new Set<ScriptedAgent>()
  /** Where it writes down what it was told, as Claude Code does. */
  transcripts: TranscriptStore | undefined
  script: Script

  constructor(script: Script = playPrompt) {
    this.script = script
  }

  launch(spec: AgentSpec, listener: AgentListener): Agent {
    this.launched.push(spec)
    const agent = new ScriptedAgent(spec, listener, scene => this.script(scene), this)
    this.agents.add(agent)
    void agent.exited.then(() => this.agents.delete(agent))
    return agent
  }

  async recoverTranscript(): Promise<void> {}

  async canContinue(): Promise<boolean> {
    return true
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
  if (scene.text.startsWith('task')) scene.startTask()
  if (scene.text.startsWith('/compact') && scene.commands) {
    const compact_metadata = { trigger: 'manual', pre_tokens: 100, post_tokens: 10 }
    scene.tell({ type: 'system', subtype: 'compact_boundary', uuid: randomUUID(), compact_metadata })
    return ''
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
  spec: AgentSpec
  readonly permissionMode: AgentSpec['permissionMode']
  readonly canReconfigure: boolean
  readonly questions: AgentQuestions
  readonly #listener: AgentListener
  readonly #script: Script
  readonly #tasks = new Map<string, AgentTask>()
  #turnId: string | null = null
  readonly #transcripts: TranscriptStore | undefined
  #stop: ((how: 'interrupted' | 'died') => void) | undefined
  #leave: () => void

  constructor(
    spec: AgentSpec,
    listener: AgentListener,
    script: Script,
    launcher: Pick<
      ScriptedLauncher,
      'startFailure' | 'transcripts' | 'canReconfigure' | 'titleOf' | 'whenAsked'
    >,
  ) {
    const { startFailure, transcripts } = launcher
    this.spec = spec
    this.permissionMode = spec.permissionMode
    this.canReconfigure = launcher.canReconfigure
    this.#transcripts = transcripts
    this.#listener = listener
    this.#script = script
    this.startFailure = startFailure
    this.questions = createScriptedQuestions({
      failure: startFailure,
      exited: () => this.exited,
      endTask: taskId => this.endTask(taskId),
      titleOf: description => launcher.titleOf(description),
      whenAsked: async () => {
        await launcher.whenAsked?.()
        return undefined
      },
    })
    const { promise, resolve } = Promise.withResolvers<void>()
    this.exited = promise
    this.#leave = resolve
    if (startFailure) this.#gone()
  }

  async runTurn(turn: Parameters<Agent['runTurn']>[0]): Promise<TurnOutcome> {
    const { turnId, prompt, commands = false } = turn
    if (this.startFailure) return failed(this.startFailure, true)
    if (!this.alive) return failed(died, false)
    const { claudeSessionId } = this.spec
    const stop = Promise.withResolvers<'interrupted' | 'died'>()
    this.#stop = stop.resolve
    this.#turnId = turnId
    this.#listener.onIdentity({ claudeSessionId, model: this.spec.model ?? 'scripted-model' })
    const text = typeof prompt === 'string' ? prompt : JSON.stringify(prompt)
    this.#remember({ type: 'user', uuid: turnId, message: { role: 'user', content: prompt } })
    const messageId = `msg_${turnId}`
    const stopping = new AbortController()
    void stop.promise.then(() => stopping.abort())
    const played = this.#script({
      ask: question => this.#listener.onPermission({ ...someQuestion, ...question }, stopping.signal),
      write: async (file, change) => {
        const use = { toolUseId: 'toolu_1', toolName: 'Write', agentId: null, file }
        await this.#listener.onBeforeTool(use)
        await change()
        await this.#listener.onAfterTool(use)
      },
      text,
      spec: this.spec,
      stopped: stop.promise.then(() => {}),
      commands,
      tell: message => this.#listener.onMessage(messageReader.read(message), true),
      startTask: task => this.#startTask({ ...scriptedTask, ...task }),
      say: said => this.#say(said, messageId, true),
      delta: piece =>
        this.#listener.onDelta({ messageId, blockIndex: 0, delta: { type: 'text', text: piece } }),
      die: () => this.#gone(),
    })
    const how = await Promise.race([stop.promise, played.then(() => 'played' as const)])
    this.#stop = undefined
    this.#turnId = null
    if (how === 'died') return failed(died, false)
    if (how === 'interrupted') return { status: 'interrupted', response: null, ...figures }
    return { status: 'completed', stopReason: 'end_turn', response: await played, ...figures }
  }

  #remember(entry: TranscriptEntry): void {
    const { tenantId, claudeSessionId } = this.spec
    const line = { ...entry, sessionId: claudeSessionId }
    // A process does not wait for it, and one that is left when the store is closed does not write.
    this.#transcripts?.appendTranscript({ tenantId, claudeSessionId, subpath: null }, [line]).catch(() => {})
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

  /** Goes on by itself, without a prompt, until it is interrupted or `endAutonomousWork` is called. */
  beginAutonomousWork(said: string): void {
    this.#listener.onAutonomousWorkStart()
    this.#say(said, `msg_${randomUUID()}`, false)
  }

  endAutonomousWork(took: Partial<AutonomousWork> = {}): void {
    const nothing = { startedAt: 1_000, endedAt: 1_000, usage: null, costUsd: null, modelUsage: null }
    this.#listener.onAutonomousWorkEnd({ ...nothing, ...took })
  }

  interruptAutonomousWork(): void {
    this.endAutonomousWork()
  }

  /** Tells of what the running turn has used so far. */
  tellFigures(figures: UsageShare): void {
    this.#listener.onFigures(figures)
  }

  endTask(taskId: string, status: AgentTask['status'] = 'stopped'): void {
    const task = this.#tasks.get(taskId)
    if (task && this.#tasks.delete(taskId)) this.#listener.onTask({ ...task, status }, null)
  }

  #startTask(task: AgentTask): void {
    this.#tasks.set(task.taskId, task)
    this.#listener.onTask(task, this.#turnId)
  }

  #say(said: string, messageId: string, isOfTurn: boolean): void {
    const message = { id: messageId, role: 'assistant', content: [{ type: 'text', text: said }] }
    const { claudeSessionId } = this.spec
    this.#listener.onMessage(
      messageReader.read({
        type: 'assistant',
        message,
        parent_tool_use_id: null,
        uuid: randomUUID(),
        session_id: claudeSessionId,
      }),
      isOfTurn,
    )
  }

  async reconfigure(wanted: AgentSpec): Promise<boolean> {
    if (!this.alive || !this.canReconfigure) return false
    this.spec = wanted
    return true
  }

  async abandon(): Promise<void> {
    this.#gone()
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
