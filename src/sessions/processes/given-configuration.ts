import type { SessionSettings } from '../../contract/session-settings.ts'
import type { SessionWriter } from '../log/session-writer.ts'
import type { Suspension } from '../permissions/suspension.ts'
import type { Agent, AgentSpec } from '../ports/index.ts'
import type { RunConfiguration, SessionRecord } from '../records.ts'
import { noteInForce } from '../settings/settings-in-force.ts'
import type { FollowedState } from './followed-state.ts'
import { toLaunchSpec } from './launch-spec.ts'
import { toRunConfiguration } from './run-configuration.ts'
import type { SessionProcessContext } from './session-process-context.ts'

/** The session's process, as far as its configuration is concerned. */
interface ConfiguredProcess {
  readonly owner: { tenantId: string; sessionId: string }
  readonly writer: SessionWriter
  readonly state: FollowedState
  readonly requests: { readonly suspension: Suspension }
}

/** A configuration that was read for a process and has not been given to it yet. */
interface Loaded {
  spec: AgentSpec
  /** To be called when the process has it. */
  give(): void
}

/** The configuration that the session's process works with, and how it differs from the stored one. */
export class GivenConfiguration {
  readonly #context: SessionProcessContext
  readonly #process: ConfiguredProcess
  #given: RunConfiguration
  /** Whether the stored configuration has changed since it was given. */
  isStale = false

  constructor(session: SessionRecord, context: SessionProcessContext, process: ConfiguredProcess) {
    this.#given = session
    this.#context = context
    this.#process = process
  }

  get maxTurns(): number | null {
    return this.#given.maxTurns
  }

  /** Whether Claude Code gives the session a title; a change counts from the next turn. */
  get titles(): SessionSettings['titles'] {
    return this.#given.settings.titles
  }

  /** Configuration of a process at this moment: Claude may have changed its permission mode. */
  of(agent: Agent | undefined): RunConfiguration {
    return toRunConfiguration(this.#given, agent)
  }

  async findSession(): Promise<SessionRecord> {
    const { tenantId, sessionId } = this.#process.owner
    const session = await this.#context.store.findSession(tenantId, sessionId)
    if (!session) throw new Error(`session ${sessionId} is gone`)
    return session
  }

  /**
   * The stored configuration, for a process in that conversation.
   *
   * @param continues whether a suspended turn continues, with the configuration that it was suspended with
   * @throws Unlaunchable
   */
  async load(
    conversation: Pick<AgentSpec, 'claudeSessionId' | 'resume'>,
    continues: boolean,
  ): Promise<Loaded> {
    const { state, requests, writer } = this.#process
    const { suspension } = requests
    this.isStale = false
    state.begin()
    const own = continues ? suspension.continuesWith : null
    const stored = await this.findSession()
    const session = { ...stored, ...own }
    if (own) state.continueWith(own, suspension.continuesInMode, stored)
    const spec = await toLaunchSpec(this.#context, session, conversation)
    const note = noteInForce(session, spec.settingSources)
    if (note) await writer.write(note)
    return {
      spec,
      give: () => {
        this.#given = session
        // Changes made since the turn began apply to the next one.
        this.isStale ||= own !== null
      },
    }
  }
}
