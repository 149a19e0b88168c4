import type { SessionSettings } from '../../contract/session-settings.ts'
import type { PermissionMode } from '../../contract/sessions.ts'
import { OneAtATime } from '../../lib/one-at-a-time.ts'
import type { SessionWriter } from '../log/session-writer.ts'
import type { Change, ProcessState } from '../ports/index.ts'
import type { RunConfiguration, SessionRecord } from '../records.ts'

/** State that both callers and the process change. */
export type StateField = keyof ProcessState

type Configuration = Pick<RunConfiguration, 'permissionMode' | 'requestedModel' | 'settings'>

/**
 * Keeps the session's record at the state its process is in: Claude itself enters plan mode, a command changes the
 * model. The next process begins there. A field that a caller has set wins until a process works with it.
 */
export class FollowedState {
  readonly #writer: SessionWriter
  readonly #findSession: () => Promise<SessionRecord>
  readonly #order = new OneAtATime()
  readonly #setByCaller = new Set<StateField>()
  /** Last reported by the process. */
  #known: ProcessState = {}

  readonly #cwd: string

  /** @param cwd where each process begins */
  constructor(writer: SessionWriter, cwd: string, findSession: () => Promise<SessionRecord>) {
    this.#writer = writer
    this.#cwd = cwd
    this.#findSession = findSession
  }

  /** Whether the shell of the process has left the directory that it began in. */
  get isShellElsewhere(): boolean {
    return (this.#known.workingDirectory ?? this.#cwd) !== this.#cwd
  }

  /** A process starts with the stored configuration, or is being given it. */
  begin(): void {
    this.#setByCaller.clear()
    this.#known = {}
  }

  /**
   * A process continues a turn with the turn's own configuration: a stored value that differs was set by a caller.
   *
   * @param mode that it will be put into by the answer it continues with; undefined: it stays in its own
   */
  continueWith(own: Configuration, mode: PermissionMode | undefined, stored: Configuration): void {
    const isEntered = mode !== undefined && mode !== 'bypassPermissions'
    const before = toState(isEntered ? { ...own, permissionMode: mode } : own)
    const after = toState(stored)
    this.#known = toState(own)
    for (const field of ['permissionMode', 'model', 'effort'] as const) {
      if (before[field] !== after[field]) this.#setByCaller.add(field)
    }
  }

  /** Stores what the process reports. Resolves when it is durable. */
  async note(state: ProcessState): Promise<void> {
    const news = entriesOf(state).filter(([field, value]) => this.#known[field] !== value)
    if (news.length === 0) return
    this.#known = { ...this.#known, ...state }
    await this.#order.run('', () => this.#follow(Object.fromEntries(news)))
  }

  /**
   * Changes the record for a caller, while nothing that the process reports is stored.
   *
   * @param fields set by the caller and not yet known to the process
   * @param work resolves with undefined when nothing was changed
   */
  change<T>(fields: readonly StateField[], work: () => Promise<T>): Promise<T> {
    return this.#order.run('', async () => {
      const done = await work()
      if (done !== undefined) for (const field of fields) this.#setByCaller.add(field)
      return done
    })
  }

  /** Resolves when all that the process has reported until now is stored. */
  settled(): Promise<void> {
    return this.#order.run('', async () => {})
  }

  async #follow(state: ProcessState): Promise<void> {
    const session = await this.#findSession()
    if (session.status !== 'active') return
    const stored = { ...toState(session), workingDirectory: session.workingDirectory ?? session.cwd }
    const isNews = ([field, value]: [StateField, unknown]) =>
      value !== stored[field] && !this.#setByCaller.has(field)
    const changed = Object.fromEntries(entriesOf(state).filter(isNews)) as ProcessState
    if (Object.keys(changed).length === 0) return
    await this.#writer.write({
      session: toColumns(session, changed),
      events: [{ type: 'session.updated', turnId: null, payload: { ...changed } }],
    })
  }
}

function entriesOf(state: ProcessState): [StateField, unknown][] {
  return Object.entries(state) as [StateField, unknown][]
}

function toState({ permissionMode, requestedModel, settings }: Configuration) {
  return { permissionMode, model: requestedModel, effort: settings.effort ?? null }
}

function toColumns(session: SessionRecord, changed: ProcessState): NonNullable<Change['session']> {
  const { permissionMode, model, effort, workingDirectory } = changed
  return {
    ...(permissionMode !== undefined && { permissionMode }),
    ...(model !== undefined && { requestedModel: model, model }),
    ...(effort !== undefined && { settings: withEffort(session.settings, effort) }),
    ...(workingDirectory !== undefined && {
      workingDirectory: workingDirectory === session.cwd ? null : workingDirectory,
    }),
  }
}

function withEffort({ effort: _old, ...settings }: SessionSettings, effort: ProcessState['effort']) {
  return effort == null ? settings : { ...settings, effort }
}
