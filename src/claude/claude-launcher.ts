import { rm } from 'node:fs/promises'
import { openMemoryPressure } from '../lib/memory-pressure.ts'
import type {
  AddressForwarder,
  Agent,
  AgentInspection,
  AgentLauncher,
  AgentListener,
  AgentMemory,
  AgentSpec,
  ProcessLedger,
  TranscriptStore,
} from '../sessions/ports/index.ts'
import { ClaudeAgent } from './claude-agent.ts'
import { type Boxes, toProjects } from './isolation/boxes.ts'
import { messageReader } from './messages/message-reader.ts'
import { inspectClaude } from './process/inspection.ts'
import { ProcessMemory } from './process/process-memory.ts'
import { ProcessRegistry } from './process/process-registry.ts'
import type { ProcessTree } from './process/process-tree.ts'
import { toDeferral } from './questions/deferral.ts'
import type { AgentContext } from './settings/agent-context.ts'
import { type ClaudeSettings, toEnvironment } from './settings/sdk-options.ts'
import { ConversationRecovery } from './transcript/conversation-recovery.ts'

export interface LauncherOptions {
  /** Stores the transcripts for resuming conversations; undefined: only Claude Code's own files are used. */
  transcripts?: TranscriptStore
  /** Stores the running processes; undefined: processes left by a crash are not found. */
  processes?: ProcessLedger
  /** Connects processes to the sessions' MCP servers; undefined: processes connect directly. */
  forwarder?: AddressForwarder
  /** Milliseconds without output after which a turn is ended. Default: 0, never. */
  watchdogMs?: number
  /** The directory for copies of skills that processes use. Default: the system's temporary directory. */
  skillsDirectory?: string
  /** Undefined: processes run without a box. */
  boxes?: Boxes | undefined
  /** The directory of the boxes' conversations, which is also read if boxes are not used anymore. */
  boxDirectory?: string
  /** The size at which a session's directories end its turn, in bytes; undefined: none. */
  maxWorkspaceBytes?: number | undefined
  /** Whether processes may start and tool calls may run at this moment; undefined: always. */
  mayAct?: (() => boolean) | undefined
}

/** Starts Claude Code processes and owns each until it is gone; see the port `AgentLauncher`. */
export class ClaudeLauncher implements AgentLauncher {
  readonly messages = messageReader
  lastInspection: AgentInspection | undefined
  readonly memory: AgentMemory
  readonly #settings: ClaudeSettings
  readonly #cwd: string
  readonly #log: AgentContext['log']
  readonly #options: LauncherOptions
  readonly #registry: ProcessRegistry
  readonly #agents = new Set<ClaudeAgent>()
  /** Markers of processes other than Claude Code. */
  readonly #children: string[] = []
  readonly #closed = new AbortController()
  readonly #processMemory = new ProcessMemory()
  #inspecting: Promise<AgentInspection> | undefined
  #isUsed = false

  /** @param cwd the working directory of processes without a conversation */
  constructor(
    settings: ClaudeSettings,
    cwd: string,
    log: AgentContext['log'],
    options: LauncherOptions = {},
  ) {
    this.#options = options
    this.#registry = new ProcessRegistry(options.processes, log, options.boxes, options.mayAct)
    this.#settings = settings
    this.#cwd = cwd
    this.#log = log
    const pressure = openMemoryPressure()
    this.memory = {
      measure: agents => this.#measure(agents),
      readPressure: () => pressure.read(),
    }
  }

  launch(spec: AgentSpec, listener: AgentListener): Agent {
    if (this.#closed.signal.aborted) throw new Error('launch after close')
    const agent = new ClaudeAgent(spec, {
      settings: this.#settings,
      listener,
      transcripts: this.#options.transcripts,
      watchdogMs: this.#options.watchdogMs ?? 0,
      registry: this.#registry,
      skillsDirectory: this.#options.skillsDirectory,
      forwarder: this.#options.forwarder,
      boxes: this.#options.boxes,
      boxedProjects: claudeSessionId => this.#boxedProjects(claudeSessionId),
      maxWorkspaceBytes: this.#options.maxWorkspaceBytes,
      mayAct: this.#options.mayAct,
      log: this.#log,
      onInspection: inspection => this.#remember(inspection),
    })
    this.#agents.add(agent)
    this.#isUsed = true
    void agent.exited.then(() => this.#agents.delete(agent))
    return agent
  }

  async canContinue(
    conversation: { tenantId: string; claudeSessionId: string },
    toolUseId: string,
  ): Promise<boolean> {
    const entries = await this.#options.transcripts?.loadTranscript({ ...conversation, subpath: null })
    return Boolean(entries && toDeferral(entries, toolUseId))
  }

  async recoverTranscript(
    conversation: { tenantId: string; claudeSessionId: string; cwd: string },
    continueAt?: string,
  ): Promise<void> {
    const { transcripts } = this.#options
    if (!transcripts) return
    const places = {
      environment: toEnvironment(this.#settings),
      boxed: this.#boxedProjects(conversation.claudeSessionId),
      isBoxed: this.#options.boxes !== undefined,
    }
    const recovery = new ConversationRecovery(transcripts, places, this.#log)
    try {
      await recovery.complete({ ...conversation, continueAt })
    } catch (error) {
      this.#log.warn({ err: error, claudeSessionId: conversation.claudeSessionId }, 'transcript read failed')
    }
  }

  /** Whether a process of a session has been started. */
  get isUsed(): boolean {
    return this.#isUsed
  }

  inspect(): Promise<AgentInspection> {
    const { boxes } = this.#options
    this.#inspecting ??= inspectClaude(this.#settings, this.#cwd, this.#closed.signal, this.#registry, boxes)
      .then(inspection => {
        // An inspection that close has interrupted gives no answer about Claude Code.
        if (!this.#closed.signal.aborted) this.#remember(inspection)
        return inspection
      })
      .finally(() => {
        this.#inspecting = undefined
      })
    return this.#inspecting
  }

  async close(): Promise<void> {
    this.#closed.abort()
    await Promise.all([this.#inspecting, ...[...this.#agents].map(agent => agent.close())])
    for (const marker of this.#children) this.#registry.removeChildren(marker)
    await this.#registry.written()
  }

  /** Ends processes left by a previous run of the server. Must be called before the first launch. */
  async sweep(): Promise<void> {
    await this.#registry.sweep()
    this.#options.boxes?.sweep()
    const { skillsDirectory } = this.#options
    if (skillsDirectory !== undefined) await rm(skillsDirectory, { recursive: true, force: true })
  }

  /** Records the marker, so that the next start ends processes with it, unless `close` comes first. */
  async watchChildren(marker: string): Promise<void> {
    await this.#registry.addChildren(marker)
    this.#children.push(marker)
  }

  /** Ends all processes at once without waiting, for a program that is about to exit. */
  killAll(): void {
    this.#registry.killAll()
  }

  #boxedProjects(claudeSessionId: string): string | undefined {
    const { boxDirectory } = this.#options
    return boxDirectory === undefined ? undefined : toProjects(boxDirectory, claudeSessionId)
  }

  async #measure(agents: readonly Agent[]): Promise<ReadonlyMap<Agent, number>> {
    const asked = new Set(agents)
    const trees = new Map<ProcessTree, Agent>()
    for (const agent of this.#agents) if (agent.tree && asked.has(agent)) trees.set(agent.tree, agent)
    const sizes = await this.#processMemory.measure([...trees.keys()])
    const measured = new Map<Agent, number>()
    for (const [tree, bytes] of sizes) {
      const agent = trees.get(tree)
      if (agent) measured.set(agent, bytes)
    }
    return measured
  }

  #remember(inspection: AgentInspection): void {
    // A process that failed to start reports no models; those of an earlier process are the best answer.
    this.lastInspection = {
      ...(this.lastInspection?.models && { models: this.lastInspection.models }),
      ...(this.lastInspection?.tools && { tools: this.lastInspection.tools }),
      ...inspection,
      inspectedAt: performance.now(),
    }
  }
}
