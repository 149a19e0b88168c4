import { notFound } from '../contract/errors.ts'
import type { OperationInput } from '../contract/operations.ts'
import type { ModelInfo } from '../contract/system.ts'
import type { InterruptResponse } from '../contract/turns.ts'
import { unlessAborted } from '../lib/unless-aborted.ts'
import { Attachments } from './attachments/attachments.ts'
import { Branching } from './branching/branching.ts'
import { markRewound } from './branching/past.ts'
import { Conversation } from './conversation/conversation.ts'
import type { Core } from './core.ts'
import type { Feed } from './feed/feed.ts'
import { SessionDiffs } from './files/diffs.ts'
import { SessionFiles } from './files/files.ts'
import { SessionDirectories } from './files/session-directories.ts'
import { openSnapshots } from './files/workspace-snapshots.ts'
import { ExpirySweeper } from './lifecycle/expiry.ts'
import { KnownSessions } from './lifecycle/known-sessions.ts'
import type { CreatedSession } from './lifecycle/new-session.ts'
import { recover, recoverAll } from './lifecycle/recovery.ts'
import { SessionLifecycle } from './lifecycle/session-lifecycle.ts'
import type { SessionView } from './lifecycle/session-view.ts'
import { SessionViews } from './lifecycle/session-views.ts'
import { type ActedOn, TenantLookup } from './lifecycle/tenant-lookup.ts'
import { Limits } from './limits/limits.ts'
import { EventLog } from './log/event-log.ts'
import type { FollowRequest, LogReader } from './log/log-item.ts'
import { RetentionSweeps } from './log/retention-sweeps.ts'
import { OpenSessions } from './open-sessions.ts'
import type { SessionsParts } from './parts.ts'
import { Permissions } from './permissions/permissions.ts'
import type { MessageQuery, MessageReader, MessagesText, Page, Store } from './ports/index.ts'
import { Presets } from './presets/presets.ts'
import { Push } from './push/push.ts'
import type { Caller, TurnRecord } from './records.ts'
import { Exports } from './reports/export.ts'
import type { SessionsFigures } from './reports/figures.ts'
import { StoreHealth } from './reports/store-health.ts'
import { SessionUsageSums } from './reports/usage.ts'
import { Search } from './search/search.ts'
import { SessionChanges } from './settings/session-changes.ts'
import { SettingPolicy } from './settings/setting-policy.ts'
import { SettingsInForce } from './settings/settings-in-force.ts'
import { Idempotency } from './turns/idempotency.ts'
import { Submitting } from './turns/submitting.ts'
import { isTerminal } from './turns/turn.ts'
import type { Submission, SubmitOptions, TurnRequest } from './turns/turn-request.ts'
import { Webhooks } from './webhooks/webhooks.ts'

/** The session layer; the HTTP layer sees it as `SessionService`. */
export class Sessions {
  /** Knows the shapes of the messages in logs. */
  readonly messages: MessageReader
  readonly permissions: Permissions
  readonly conversation: Conversation
  readonly attachments: Attachments
  readonly usage: SessionUsageSums
  readonly exports: Exports
  readonly search: Search
  readonly files: SessionFiles
  readonly diffs: SessionDiffs
  readonly #directories: SessionDirectories
  readonly branching: Branching
  readonly presets: Presets
  readonly webhooks: Webhooks
  readonly push: Push
  readonly feed: Feed
  readonly #parts: SessionsParts
  readonly #store: Store
  readonly #log: EventLog
  readonly #idempotency: Idempotency
  readonly #submitting: Submitting
  readonly #live: OpenSessions
  readonly #expiry: ExpirySweeper
  readonly #core: Core
  readonly #lifecycle: SessionLifecycle
  readonly #views: SessionViews
  readonly #changes: SessionChanges
  readonly #storeHealth: StoreHealth
  readonly #tenants: TenantLookup
  readonly #retention: RetentionSweeps
  #closing: Promise<void> | undefined

  constructor(given: SessionsParts) {
    this.webhooks = new Webhooks(given)
    this.push = new Push(given)
    const parts = { ...given, store: this.push.listeningTo(this.webhooks.outbox()) }
    this.#parts = parts
    this.messages = parts.launcher.messages
    this.#store = parts.store
    const { store, workspaces, faults, cluster, observer } = parts
    const onFault = (error: unknown) => faults.error({ err: error }, 'feed failed')
    this.#log = new EventLog(store, this.messages, observer, { cluster, onFault })
    this.#tenants = new TenantLookup(parts.store, this.webhooks, this.push)
    this.feed = this.#log.feed
    this.#storeHealth = new StoreHealth(parts.store, parts.faults)
    this.#idempotency = new Idempotency(parts.store.idempotency)
    const settingsInForce = new SettingsInForce(parts.options, parts.workspace)
    const own = { limits: new Limits(parts), snapshots: openSnapshots(parts, this.#log) }
    const inCommon = { store, workspaces, faults, log: this.#log, settingsInForce, ...own }
    this.#live = new OpenSessions({ ...parts, ...parts.options, ...inCommon })
    this.#expiry = new ExpirySweeper(
      store,
      session => this.#lifecycle.expire(session),
      error => faults.error({ err: error }, 'session expiry failed'),
    )
    this.#core = {
      messages: this.messages,
      ...inCommon,
      live: this.#live,
      known: new KnownSessions(store, this.#expiry, this.#live),
      options: parts.options,
    }
    const policy = new SettingPolicy(parts.options, parts.launcher)
    this.#changes = new SessionChanges(this.#core, policy, parts.sealer)
    this.presets = new Presets({ ...parts, policy, settingsInForce })
    this.permissions = new Permissions(this.#core)
    this.#submitting = new Submitting(
      this.#core,
      this.#idempotency,
      (caller, id, turnId) => this.#findTurn(caller, id, turnId),
      () => this.#closing !== undefined,
    )
    this.conversation = new Conversation(this.#core, this.#submitting)
    this.attachments = new Attachments(this.#core)
    this.usage = new SessionUsageSums(this.#core)
    this.exports = new Exports(this.#core)
    this.search = new Search(this.#core)
    this.files = new SessionFiles(this.#core, parts.workspace)
    this.diffs = new SessionDiffs(this.#core, parts.workspaces.diffs)
    this.#directories = new SessionDirectories(this.#core, parts.workspaces)
    this.branching = new Branching({
      core: this.#core,
      idempotency: this.#idempotency,
      expiry: this.#expiry,
      policy,
      editor: parts.transcriptEditor,
      launcher: parts.launcher,
      directories: this.#directories,
      submitting: this.#submitting,
    })
    this.#lifecycle = new SessionLifecycle({
      core: this.#core,
      policy,
      idempotency: this.#idempotency,
      directories: this.#directories,
      expiry: this.#expiry,
      sealer: parts.sealer,
      presets: this.presets,
    })
    this.#views = new SessionViews(this.#core, this.#expiry, parts.cluster !== undefined)
    this.#retention = new RetentionSweeps({ ...parts, directories: this.#directories })
  }

  /** Resumes the state of the previous run of the server. Must be called once, before any other method. */
  async open(): Promise<void> {
    await this.webhooks.open()
    await this.push.open()
    await this.#idempotency.open()
    await this.#directories.open()
    await recoverAll({ ...this.#parts, ...this.#core })
    await this.#expiry.sweep()
    this.#retention.start()
  }

  /** Continues a session that another owner has left. */
  async adopt(tenantId: string, sessionId: string): Promise<void> {
    await this.#core.snapshots?.adopt(tenantId, sessionId)
    await recover({ ...this.#parts, ...this.#core }, tenantId, sessionId)
  }

  /** Forgets a session that belongs to another owner by now; nothing is stored. */
  drop(sessionId: string): void {
    this.#live.drop(sessionId)
    this.#log.release(sessionId)
  }

  /** The sessions that have turns or a process, or whose files are being stored. */
  get openIds(): string[] {
    return [...new Set([...this.#live.ids, ...(this.#core.snapshots?.pendingIds ?? [])])]
  }

  /** See `SessionLifecycle.create`. */
  create(
    caller: Caller,
    request: OperationInput<'createSession'>['body'],
    options: SubmitOptions & { signal?: AbortSignal } = {},
  ): Promise<CreatedSession> {
    return this.#lifecycle.create(caller, request, options)
  }

  /** Idempotent. */
  end(caller: Caller, sessionId: string): Promise<void> {
    return this.#lifecycle.end(caller, sessionId)
  }

  get(caller: Caller, sessionId: string): Promise<SessionView> {
    return this.#views.get(caller, sessionId)
  }

  /** See `TenantLookup.actingOn`. */
  actingOn(caller: Caller, object: ActedOn): Promise<Caller> {
    return this.#tenants.actingOn(caller, object)
  }

  list(caller: Caller, query: OperationInput<'listSessions'>['query']) {
    return this.#views.list(caller, query)
  }

  async patch(
    caller: Caller,
    sessionId: string,
    change: OperationInput<'patchSession'>['body'],
  ): Promise<SessionView> {
    await this.#changes.patch(caller, sessionId, change)
    return this.get(caller, sessionId)
  }

  /** Submits a prompt: see `Submitting.submit`. */
  submit(
    caller: Caller,
    sessionId: string,
    request: TurnRequest,
    options: SubmitOptions = {},
  ): Promise<Submission> {
    return this.#submitting.submit(caller, sessionId, request, options)
  }

  /** Resolves with the turn once it has ended; with a turn that this server does not run, as it is stored. */
  async whenTurnEnded(
    caller: Caller,
    sessionId: string,
    turnId: string,
    signal: AbortSignal,
  ): Promise<TurnRecord> {
    const open = this.#live.find(sessionId)?.turns.find(turnId)
    const turn = await this.getTurn(caller, sessionId, turnId)
    if (!open || isTerminal(turn.status)) return turn
    await unlessAborted(open.ended, signal)
    return this.getTurn(caller, sessionId, turnId)
  }

  /** How long ago a turn was accepted, in milliseconds. Of one that runs, no clock that is set changes it. */
  ageOf({ id, sessionId, createdAt }: TurnRecord): number {
    const open = this.#live.find(sessionId)?.turns.find(id)
    return open ? performance.now() - open.acceptedAt : Math.max(0, Date.now() - createdAt)
  }

  async getTurn(caller: Caller, sessionId: string, turnId: string): Promise<TurnRecord> {
    return (await this.#findTurn(caller, sessionId, turnId)).turn
  }

  async listTurns(caller: Caller, sessionId: string, page: Page) {
    const { rewound } = await this.#core.known.get(caller, sessionId)
    const { turns, total } = await this.#store.listTurns(caller.tenantId, sessionId, page)
    return { turns: turns.map(turn => markRewound(turn, turn.lastSequence, rewound)), total }
  }

  async listMessages(caller: Caller, sessionId: string, query: MessageQuery) {
    const { rewound } = await this.#core.known.get(caller, sessionId)
    const { messages, total } = await this.#store.listMessages(caller.tenantId, sessionId, query)
    return { messages: messages.map(message => markRewound(message, message.sequence, rewound)), total }
  }

  /** As `listMessages`, as text that is passed through; undefined when the page has to be made of its messages. */
  async readMessages(
    caller: Caller,
    sessionId: string,
    query: MessageQuery,
  ): Promise<MessagesText | undefined> {
    const { rewound } = await this.#core.known.get(caller, sessionId)
    return rewound.length > 0 ? undefined : this.#store.readMessages(caller.tenantId, sessionId, query)
  }

  /** Resolves when the running turn, or the one that was named, has ended. Idempotent. */
  async interrupt(
    caller: Caller,
    sessionId: string,
    { turnId, clearQueue }: { turnId?: string | undefined; clearQueue: boolean },
  ): Promise<InterruptResponse> {
    if (turnId === undefined) await this.#core.known.get(caller, sessionId)
    else await this.getTurn(caller, sessionId, turnId)
    const done = await this.#live.find(sessionId)?.turns.interrupt(turnId, clearQueue)
    return done ?? { interrupted: [], cancelled: [] }
  }

  async follow(caller: Caller, sessionId: string, request: FollowRequest): Promise<LogReader> {
    const turn =
      request.turnId === undefined ? undefined : await this.getTurn(caller, sessionId, request.turnId)
    return this.#log.follow(await this.#core.known.get(caller, sessionId), request, turn)
  }

  /** See `EventLog.followTurn`. */
  followTurn(turn: TurnRecord, request: Omit<FollowRequest, 'turnId'>): LogReader {
    return this.#log.followTurn(turn, request)
  }

  /** Starts a process for a first session that asks for nothing in particular. */
  async prepareSpare(tenantId: string): Promise<void> {
    if (!this.#closing) await this.#lifecycle.prepareSpare(tenantId)
  }

  get runningTurns(): number {
    return this.#live.runningTurns
  }

  /** The state of turns, processes and readers at this moment. */
  figures(): SessionsFigures {
    return { ...this.#live.figures(), ...this.#log.figures() }
  }

  models(): ModelInfo[] {
    return this.#parts.launcher.lastInspection?.models ?? this.#parts.builtInModels
  }

  /** The state of what the service stands on; never rejects. */
  async health() {
    return { store: await this.#storeHealth.look(), agent: this.#parts.launcher.lastInspection }
  }

  /** Stops taking turns, lets the running ones finish within the drain time, then ends everything. Idempotent. */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    await this.#expiry.close()
    await this.#retention.close()
    const onClosed = async (sessionId: string) => {
      if (!this.#parts.onSessionClosed) return
      this.#log.release(sessionId)
      await this.#parts.onSessionClosed(sessionId)
    }
    const settled = this.#core.snapshots?.settleAll(onClosed, new Set(this.#live.ids))
    await this.#live.close(this.#parts.options.drainTimeoutMs, onClosed)
    await settled?.then(() => this.#core.snapshots?.close())
    await this.#directories.close()
    this.#log.close()
    await this.webhooks.close()
    await this.push.close()
  }

  async #findTurn(caller: Caller, sessionId: string, turnId: string) {
    const session = await this.#core.known.get(caller, sessionId)
    const turn = await this.#store.findTurn(caller.tenantId, sessionId, turnId)
    if (!turn) throw notFound('TURN_NOT_FOUND', turnId)
    return { turn: markRewound(turn, turn.lastSequence, session.rewound), session }
  }
}
