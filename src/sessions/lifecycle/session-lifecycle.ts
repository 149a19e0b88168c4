import { randomUUID } from 'node:crypto'
import type { SessionSettings } from '../../contract/session-settings.ts'
import { OneAtATime } from '../../lib/one-at-a-time.ts'
import type { Sealer } from '../../lib/sealed-text.ts'
import type { Core } from '../core.ts'
import type { SessionDirectories, SessionPlace } from '../files/session-directories.ts'
import { resolveWorkingDirectory } from '../files/working-directory.ts'
import type { WorkspaceSnapshots } from '../files/workspace-snapshots.ts'
import { optionsOf, type SessionsOptions } from '../options.ts'
import { checkPermissionMode } from '../permissions/permission-mode.ts'
import type { Change } from '../ports/index.ts'
import type { Presets } from '../presets/presets.ts'
import type { PlainSpec } from '../processes/launch-spec.ts'
import type { SpareSpec } from '../processes/spare-process.ts'
import type { Caller, SessionRecord } from '../records.ts'
import type { SettingPolicy } from '../settings/setting-policy.ts'
import type { Idempotency, Remember } from '../turns/idempotency.ts'
import type { SubmitOptions } from '../turns/turn-request.ts'
import { admitSession, sessionIdTaken } from './admit-session.ts'
import type { ExpirySweeper } from './expiry.ts'
import { type CreatedSession, newSession, toWantedSpec } from './new-session.ts'
import { type CreateRequest, completeRequest } from './wanted-session.ts'

export interface SessionLifecycleParts {
  core: Core
  policy: SettingPolicy
  idempotency: Idempotency
  directories: SessionDirectories
  expiry: ExpirySweeper
  sealer: Sealer
  presets: Pick<Presets, 'open'>
}

/** The settings of sessions that leave them out, beyond those of the contract. */
function defaultsOf({ sessionTitles }: SessionsOptions): Pick<SessionSettings, 'titles'> {
  return sessionTitles === 'claude' ? { titles: 'claude' } : {}
}

/** Creates sessions, and ends them on request or when they expire. */
export class SessionLifecycle {
  readonly #parts: SessionLifecycleParts
  readonly #core: Core
  /** By the id that was asked for. */
  readonly #creations = new OneAtATime()

  constructor(parts: SessionLifecycleParts) {
    this.#parts = parts
    this.#core = parts.core
  }

  /**
   * @param options.signal aborts the creation while the session's directory is being made; ignored for a request
   *   with a key
   */
  async create(
    caller: Caller,
    request: CreateRequest,
    { key, signal }: SubmitOptions & { signal?: AbortSignal },
  ): Promise<CreatedSession> {
    const { made: session, replayed } = await this.#parts.idempotency.once(
      caller,
      key,
      remember => this.#createWithId(caller, request, remember, key ? undefined : signal),
      ({ sessionId }) => this.#core.known.get(caller, sessionId),
    )
    return { session, replayed }
  }

  /** Starts a spare process for a first session that asks for nothing in particular. */
  async prepareSpare(tenantId: string): Promise<void> {
    const { live, options, settingsInForce } = this.#core
    if (!live.spares || live.spares.isPrepared) return
    const cwd = await resolveWorkingDirectory(undefined, options)
    const wanted = toWantedSpec({ tenantId }, completeRequest({}, undefined, defaultsOf(options)), cwd)
    live.spares.prepare({ ...wanted, ...(await settingsInForce.load({ ...wanted, workspace: null })) })
  }

  /** Requests for the same id wait for each other: they would make the same directory. */
  #createWithId(
    caller: Caller,
    given: CreateRequest,
    remember: Remember | undefined,
    signal: AbortSignal | undefined,
  ): Promise<SessionRecord> {
    const { sessionId } = given
    if (sessionId === undefined) return this.#create(caller, given, remember, signal)
    return this.#creations.run(sessionId, async () => {
      if (await this.#core.store.findTenant(sessionId)) throw sessionIdTaken()
      return this.#create(caller, given, remember, signal)
    })
  }

  async #create(
    caller: Caller,
    given: CreateRequest,
    remember: Remember | undefined,
    signal: AbortSignal | undefined,
  ): Promise<SessionRecord> {
    const { directories, expiry, policy, sealer, presets } = this.#parts
    const { live, options } = this.#core
    const preset = given.preset === undefined ? undefined : await presets.open(caller, given.preset)
    const request = completeRequest(given, preset, defaultsOf(options))
    const { allowBypassPermissions } = optionsOf(options, caller.tenantId)
    checkPermissionMode(request.permissionMode, allowBypassPermissions)
    const settings = await policy.admit(caller.tenantId, request)
    await expiry.sweep()
    await this.#core.limits.checkSessions(caller)
    const place = await directories.provide(caller.tenantId, request, signal)
    const wanted = toWantedSpec(caller, { ...request, ...settings }, place.cwd)
    const spec = await this.#complete(wanted, place)
    const spare = spec && live.spares?.take(spec)
    const conversation = place.sessionId ?? spare?.claudeSessionId ?? given.sessionId ?? randomUUID()
    const id = given.sessionId ?? conversation
    const session = newSession(caller, request, wanted, id, options.sessionTimeoutMs, sealer)
    session.claudeSessionId = conversation
    session.workspace = place.workspace
    session.snapshot = beginningOf(session, this.#core.snapshots)
    session.settingsInForce = this.#core.settingsInForce.of(session).settingSources
    let created = false
    try {
      await admitSession(this.#core, session, remember)
      created = true
    } finally {
      if (spare && !created) live.spares?.giveBack(spare)
      if (!created) await place.undo()
    }
    expiry.schedule(session.expiresAt)
    live.of(session).warm(spare)
    // A workspace of this session cannot be shared with another one.
    if (spec) live.spares?.noteArrival(spec)
    return session
  }

  /**
   * Returns the specification of a matching spare process; undefined if the session has a workspace of its own, which
   * no spare process was started in.
   * @throws ServiceError SETTING_NOT_ALLOWED; the directory is gone again then
   */
  async #complete(wanted: PlainSpec, { workspace, undo }: SessionPlace): Promise<SpareSpec | undefined> {
    const { settingsInForce, live } = this.#core
    try {
      settingsInForce.require({ ...wanted, workspace })
      if (workspace || !live.spares) return undefined
      return { ...wanted, ...(await settingsInForce.load({ ...wanted, workspace })) }
    } catch (error) {
      await undo()
      throw error
    }
  }

  async end(caller: Caller, sessionId: string): Promise<void> {
    const session = await this.#core.known.get(caller, sessionId)
    if (session.status !== 'active') return
    const { gone } = await this.#core.live.end(session.id)
    this.#core.log.settle(session.id, gone)
    await this.#commit(session, {
      session: { status: 'ended', endedAt: Date.now() },
      events: [{ type: 'session.ended', turnId: null, payload: {} }],
    })
    this.#parts.directories.release(session, gone)
  }

  async expire(session: SessionRecord): Promise<void> {
    const live = this.#core.live.find(session.id)
    if (live?.turns.isAtWork) return
    // Autonomous work is not interrupted.
    if (live && live.state !== 'idle') return this.#putOff(session)
    const { gone } = await this.#core.live.end(session.id)
    this.#core.log.settle(session.id, gone)
    await this.#commit(session, {
      session: { status: 'expired', endedAt: Date.now() },
      events: [{ type: 'session.expired', turnId: null, payload: {} }],
    })
    this.#parts.directories.release(session, gone)
  }

  async #putOff(session: SessionRecord): Promise<void> {
    const expiresAt = Date.now() + this.#core.options.sessionTimeoutMs
    await this.#commit(session, { session: { expiresAt }, events: [] })
  }

  #commit(session: SessionRecord, change: Pick<Change, 'session' | 'events'>) {
    const { log } = this.#core
    return log.commit({ tenantId: session.tenantId, sessionId: session.id, at: Date.now(), ...change })
  }
}

/** A directory of the session's own can be on any node; a worktree needs the repository beside it. */
function beginningOf(
  { workspace, createdAt }: SessionRecord,
  snapshots: WorkspaceSnapshots | undefined,
): SessionRecord['snapshot'] {
  if (!snapshots || !workspace || workspace.type === 'worktree') return null
  return { id: null, node: snapshots.node, takenAt: createdAt, restored: null }
}
