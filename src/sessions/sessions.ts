import { randomUUID } from 'node:crypto'
import { ServiceError } from '../contract/errors.ts'
import type { OperationInput } from '../contract/operations.ts'
import { createSessionRequest } from '../contract/sessions.ts'
import type { ModelInfo } from '../contract/system.ts'
import type { InterruptResponse } from '../contract/turns.ts'
import type { Core } from './core.ts'
import { parseCursor, toCursor } from './cursor.ts'
import { EventLog } from './event-log.ts'
import { ExpirySweeper } from './expiry.ts'
import { Idempotency, type Remember } from './idempotency.ts'
import { KnownSessions } from './known-sessions.ts'
import { LiveSessions } from './live-sessions.ts'
import { newSession, toCreatedEvent, toWantedSpec } from './new-session.ts'
import { checkPermissionMode } from './permission-mode.ts'
import { Permissions } from './permissions.ts'
import type { AgentLauncher, Change, Page, Store } from './ports.ts'
import { reconcile } from './reconcile.ts'
import type { Caller, SessionRecord, TurnRecord } from './records.ts'
import { Retention } from './retention.ts'
import type {
  FollowRequest,
  IdempotencyKey,
  LogReader,
  Once,
  SessionService,
  SessionView,
  TurnRequest,
} from './session-service.ts'
import type { WriterLog } from './session-writer.ts'
import type { SessionsOptions } from './sessions-options.ts'
import { StoreHealth } from './store-health.ts'
import { isTerminal } from './turn-states.ts'
import { resolveWorkingDirectory } from './working-directory.ts'

export interface SessionsParts {
  store: Store
  launcher: AgentLauncher
  faults: WriterLog
  options: SessionsOptions
  /** What `models` answers before Claude Code has been asked. */
  builtInModels: ModelInfo[]
}

/** The heart: see the port `SessionService`. */
export class Sessions implements SessionService {
  readonly permissions: Permissions
  readonly #parts: SessionsParts
  readonly #store: Store
  readonly #log: EventLog
  readonly #idempotency: Idempotency
  readonly #live: LiveSessions
  readonly #expiry: ExpirySweeper
  readonly #core: Core
  readonly #storeHealth: StoreHealth
  readonly #retention: Retention | undefined
  #closing: Promise<void> | undefined

  constructor(parts: SessionsParts) {
    this.#parts = parts
    this.#store = parts.store
    this.#log = new EventLog(parts.store)
    this.#storeHealth = new StoreHealth(parts.store, parts.faults)
    this.#idempotency = new Idempotency(parts.store.idempotency)
    this.#live = new LiveSessions({ ...parts, ...parts.options, log: this.#log })
    this.#expiry = new ExpirySweeper(
      parts.store,
      session => this.#expire(session),
      error => parts.faults.error({ err: error }, 'could not expire sessions'),
    )
    this.#core = {
      store: parts.store,
      log: this.#log,
      live: this.#live,
      known: new KnownSessions(parts.store, this.#expiry),
      options: parts.options,
      faults: parts.faults,
    }
    this.permissions = new Permissions(this.#core)
    const { eventRetentionMs } = parts.options
    if (eventRetentionMs !== undefined) {
      this.#retention = new Retention(parts.store, eventRetentionMs, error =>
        parts.faults.error({ err: error }, 'could not remove events that are no longer kept'),
      )
    }
  }

  /** Takes up what an earlier life of the server left: to be called once, before anything else. */
  async open(): Promise<void> {
    await this.#idempotency.open()
    await reconcile(this.#store, this.#log, this.#live)
    await this.#expiry.sweep()
    this.#retention?.start()
  }

  createOnce(
    caller: Caller,
    request: OperationInput<'createSession'>['body'],
    key: IdempotencyKey,
  ): Promise<Once<SessionRecord>> {
    const accept = (remember: Remember) => this.create(caller, request, remember)
    return this.#idempotency.once(caller, key, accept, async ({ sessionId }) =>
      this.#core.known.get(caller, sessionId),
    )
  }

  async create(
    caller: Caller,
    request: OperationInput<'createSession'>['body'],
    remember?: Remember,
  ): Promise<SessionRecord> {
    const { options } = this.#parts
    checkPermissionMode(request.permissionMode, options.allowBypassPermissions)
    const cwd = await resolveWorkingDirectory(request.cwd, options)
    await this.#expiry.sweep()
    const wanted = toWantedSpec(caller, request, cwd)
    const spare = this.#live.spare?.take(wanted)
    const id = spare?.claudeSessionId ?? randomUUID()
    const session = newSession(caller, request, wanted, id, options.sessionTimeoutMs)
    let created = false
    try {
      await this.#insert(session, remember)
      created = true
    } finally {
      if (spare && !created) this.#live.spare?.giveBack(spare)
    }
    this.#expiry.schedule(session.expiresAt)
    this.#live.of(session).warm(spare)
    this.#live.spare?.prepare(wanted)
    return session
  }

  async get(caller: Caller, sessionId: string): Promise<SessionView> {
    return this.#view(await this.#core.known.get(caller, sessionId))
  }

  async list(caller: Caller, query: OperationInput<'listSessions'>['query']) {
    await this.#expiry.sweep()
    const after = query.cursor === undefined ? null : parseCursor(query.cursor)
    // One more than asked for tells whether there is a next page.
    const { status, limit } = query
    const { sessions, total } = await this.#store.listSessions(caller.tenantId, {
      status,
      limit: limit + 1,
      after,
    })
    const page = sessions.slice(0, limit)
    const last = page.at(-1)
    return {
      sessions: page.map(session => this.#view(session)),
      total,
      nextCursor: sessions.length > limit && last ? toCursor(last) : null,
    }
  }

  async patch(
    caller: Caller,
    sessionId: string,
    change: OperationInput<'patchSession'>['body'],
  ): Promise<SessionView> {
    if (change.permissionMode) {
      checkPermissionMode(change.permissionMode, this.#parts.options.allowBypassPermissions)
    }
    const session = await this.#core.known.getActive(caller, sessionId)
    const { model, ...rest } = change
    const changed = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined))
    const columns = { ...changed, ...(model !== undefined && { requestedModel: model, model }) }
    if (Object.keys(columns).length > 0) {
      await this.#commit(session, {
        session: columns,
        events: [
          {
            type: 'session.updated',
            turnId: null,
            payload: { ...changed, ...(model !== undefined && { model }) },
          },
        ],
      })
      if ('requestedModel' in columns || 'permissionMode' in columns || 'maxTurns' in columns) {
        this.#live.find(session.id)?.reconfigure()
      }
    }
    return this.get(caller, session.id)
  }

  async end(caller: Caller, sessionId: string): Promise<void> {
    const session = await this.#core.known.get(caller, sessionId)
    if (session.status !== 'active') return
    await this.#live.end(session.id)
    await this.#commit(session, {
      session: { status: 'ended', endedAt: Date.now() },
      events: [{ type: 'session.ended', turnId: null, payload: {} }],
    })
  }

  submitTurn(caller: Caller, sessionId: string, request: TurnRequest): Promise<TurnRecord> {
    return this.#submit(caller, sessionId, request)
  }

  submitTurnOnce(
    caller: Caller,
    sessionId: string,
    request: TurnRequest,
    key: IdempotencyKey,
  ): Promise<Once<TurnRecord>> {
    return this.#idempotency.once(
      caller,
      key,
      remember => this.#submit(caller, sessionId, request, remember),
      // Only a request for a session has no turn, and it has another fingerprint.
      first => this.getTurn(caller, first.sessionId, first.turnId ?? ''),
    )
  }

  async whenTurnEnded(
    caller: Caller,
    sessionId: string,
    turnId: string,
    signal: AbortSignal,
  ): Promise<TurnRecord> {
    const waiting = new AbortController()
    const ended = this.#log.nextTurnEnd(turnId, AbortSignal.any([signal, waiting.signal]))
    // It may reject while the turn is being read; whoever awaits it below hears of it.
    ended.catch(() => {})
    // Read only after waiting began, so that an end between the two is not missed.
    const turn = await this.getTurn(caller, sessionId, turnId).catch(error => {
      waiting.abort(error)
      return undefined
    })
    if (turn && isTerminal(turn.status)) {
      waiting.abort()
      return turn
    }
    await ended
    return this.getTurn(caller, sessionId, turnId)
  }

  async getTurn(caller: Caller, sessionId: string, turnId: string): Promise<TurnRecord> {
    await this.#core.known.get(caller, sessionId)
    const turn = await this.#store.findTurn(caller.tenantId, sessionId, turnId)
    if (!turn) throw new ServiceError('TURN_NOT_FOUND', `Turn ${turnId} not found`)
    return turn
  }

  async listTurns(caller: Caller, sessionId: string, page: Page) {
    await this.#core.known.get(caller, sessionId)
    return this.#store.listTurns(caller.tenantId, sessionId, page)
  }

  async listMessages(caller: Caller, sessionId: string, query: Page & { after?: number | undefined }) {
    await this.#core.known.get(caller, sessionId)
    const { after, ...page } = query
    return this.#store.listMessages(caller.tenantId, sessionId, {
      ...page,
      ...(after !== undefined && { after }),
    })
  }

  async interrupt(
    caller: Caller,
    sessionId: string,
    { turnId, clearQueue }: { turnId?: string | undefined; clearQueue: boolean },
  ): Promise<InterruptResponse> {
    if (turnId === undefined) await this.#core.known.get(caller, sessionId)
    else await this.getTurn(caller, sessionId, turnId)
    return (
      (await this.#live.find(sessionId)?.interrupt(turnId, clearQueue)) ?? { interrupted: [], cancelled: [] }
    )
  }

  async follow(caller: Caller, sessionId: string, request: FollowRequest): Promise<LogReader> {
    const turn =
      request.turnId === undefined ? undefined : await this.getTurn(caller, sessionId, request.turnId)
    return this.#log.follow(await this.#core.known.get(caller, sessionId), request, turn)
  }

  /** Gets a process ready for a first session that asks for nothing in particular. */
  async prepareSpare(tenantId: string): Promise<void> {
    if (!this.#live.spare || this.#closing) return
    const cwd = await resolveWorkingDirectory(undefined, this.#parts.options)
    this.#live.spare.prepare(toWantedSpec({ tenantId, keyId: '' }, createSessionRequest.parse({}), cwd))
  }

  models(): ModelInfo[] {
    return this.#parts.launcher.lastInspection?.models ?? this.#parts.builtInModels
  }

  async health() {
    const agent = this.#parts.launcher.lastInspection
    return { store: await this.#storeHealth.look(), agent }
  }

  /** Stops taking turns, lets the running ones finish within the drain time, then ends everything. Idempotent. */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    await this.#expiry.close()
    await this.#retention?.close()
    await this.#live.close(this.#parts.options.drainTimeoutMs)
    this.#log.close()
  }

  async #insert(session: SessionRecord, remember: Remember | undefined): Promise<void> {
    const limit = this.#parts.options.maxSessions
    const key = remember?.({ sessionId: session.id, turnId: null })
    const result = await this.#store.createSession(session, [toCreatedEvent(session)], limit, key)
    if (result.created) return
    const { active } = result
    const message = `${active} sessions are active; end one first`
    throw new ServiceError('MAX_SESSIONS_REACHED', message, { limit, active })
  }

  async #expire(session: SessionRecord): Promise<void> {
    if (this.#live.find(session.id)?.isAtWork) return
    await this.#live.end(session.id)
    await this.#commit(session, {
      session: { status: 'expired', endedAt: Date.now() },
      events: [{ type: 'session.expired', turnId: null, payload: {} }],
    })
  }

  async #submit(
    caller: Caller,
    sessionId: string,
    request: TurnRequest,
    remember?: Remember,
  ): Promise<TurnRecord> {
    if (this.#closing) throw new ServiceError('SHUTTING_DOWN', 'The server is shutting down')
    const session = await this.#core.known.getActive(caller, sessionId)
    return this.#live.of(session).submit(caller, request, session, remember)
  }

  #view(session: SessionRecord): SessionView {
    return { session, state: (session.status === 'active' && this.#live.find(session.id)?.state) || 'idle' }
  }

  #commit(session: SessionRecord, change: Pick<Change, 'session' | 'events'>) {
    return this.#log.commit({ tenantId: session.tenantId, sessionId: session.id, at: Date.now(), ...change })
  }
}
