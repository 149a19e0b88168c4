import type {
  Agent,
  AgentInspection,
  AgentLauncher,
  AgentListener,
  AgentSpec,
  TranscriptStore,
} from '../sessions/ports.ts'
import { type AgentContext, ClaudeAgent } from './claude-agent.ts'
import { inspectClaude } from './inspection.ts'
import type { ClaudeSettings } from './sdk-options.ts'

/** Starts processes of Claude Code and owns every one of them until it is gone: see the port `AgentLauncher`. */
export class ClaudeLauncher implements AgentLauncher {
  lastInspection: AgentInspection | undefined
  readonly #settings: ClaudeSettings
  readonly #cwd: string
  readonly #log: AgentContext['log']
  readonly #transcripts: TranscriptStore | undefined
  readonly #agents = new Set<Agent>()
  readonly #closed = new AbortController()
  #inspecting: Promise<AgentInspection> | undefined

  /**
   * @param cwd where a process without a conversation runs
   * @param transcripts keeps what conversations are resumed from; without it Claude Code's own files are all
   */
  constructor(
    settings: ClaudeSettings,
    cwd: string,
    log: AgentContext['log'],
    transcripts?: TranscriptStore,
  ) {
    this.#transcripts = transcripts
    this.#settings = settings
    this.#cwd = cwd
    this.#log = log
  }

  launch(spec: AgentSpec, listener: AgentListener): Agent {
    if (this.#closed.signal.aborted) throw new Error('launch after close')
    const agent = new ClaudeAgent(spec, {
      settings: this.#settings,
      listener,
      transcripts: this.#transcripts,
      log: this.#log,
      onInspection: inspection => this.#remember(inspection),
    })
    this.#agents.add(agent)
    void agent.exited.then(() => this.#agents.delete(agent))
    return agent
  }

  inspect(): Promise<AgentInspection> {
    this.#inspecting ??= inspectClaude(this.#settings, this.#cwd, this.#closed.signal)
      .then(inspection => {
        // An inspection that was cut short by close says nothing of Claude Code.
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
  }

  #remember(inspection: AgentInspection): void {
    // A process that failed to start knows no models; those of an earlier one are still the best answer.
    this.lastInspection = {
      ...(this.lastInspection?.models && { models: this.lastInspection.models }),
      ...inspection,
    }
  }
}
