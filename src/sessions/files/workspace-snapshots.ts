import type { Log } from '../../lib/log.ts'
import { OneAtATime } from '../../lib/one-at-a-time.ts'
import { settlesWithin } from '../../lib/settles-within.ts'
import type { SessionsCluster } from '../cluster.ts'
import type { EventLog } from '../log/event-log.ts'
import type { PortableSession, PortableWorkspaces, Store, Workspaces } from '../ports/index.ts'
import { SessionFenced, type SessionRecord, type WorkspaceSnapshot } from '../records.ts'
import { hasTurnSince } from './turns-since.ts'

/** The longest time that a snapshot may take, in milliseconds. */
const maxMs = 10 * 60 * 1000
/** How long a turn, a suspension or a release waits for a snapshot. */
const patienceMs = 30_000
/** All snapshots are listed: not too often, in milliseconds. */
const sweepPeriodMs = 60 * 60 * 1000

type OfSession = Pick<SessionRecord, 'tenantId'> & { sessionId: string }

export interface WorkspaceSnapshotsParts {
  store: Store
  log: EventLog
  portable: PortableWorkspaces
  cluster?: SessionsCluster | undefined
  faults: Pick<Log, 'error'>
}

/**
 * Takes the directories of sessions along when another node gets them: stores them after each turn, and restores them
 * where the session is claimed. Which snapshot is the newest stands in the session's row, so that only its owner can say
 * so.
 */
export class WorkspaceSnapshots {
  readonly #parts: WorkspaceSnapshotsParts
  readonly #work = new OneAtATime()
  /** Snapshots under way, by session. */
  readonly #pending = new Map<string, Promise<void>>()
  /** Sessions whose files may have changed since the snapshot under way was begun. */
  readonly #again = new Set<string>()
  /** Sessions whose Claude has been told that the directory was restored. */
  readonly #told = new Set<string>()
  readonly #closing = new AbortController()
  #sweeping: NodeJS.Timeout | undefined

  constructor(parts: WorkspaceSnapshotsParts) {
    this.#parts = parts
  }

  /** The name of the node, for sessions that are made here. */
  get node(): string {
    return this.#parts.portable.node
  }

  /** Sessions whose directory is being stored. */
  get pendingIds(): string[] {
    return [...this.#pending.keys()]
  }

  /** Stores the directory soon, without keeping the caller waiting. Calls for one session share what has not begun. */
  begin(session: OfSession): void {
    if (this.#closing.signal.aborted) return
    const { sessionId } = session
    if (this.#pending.has(sessionId)) {
      this.#again.add(sessionId)
      return
    }
    const pending = this.#takeAll(session).finally(() => this.#pending.delete(sessionId))
    this.#pending.set(sessionId, pending)
  }

  /** Stores the directory as it is now; resolves when it is, or after a while. Never rejects. */
  async take(session: OfSession): Promise<void> {
    this.begin(session)
    await this.settled(session.sessionId)
  }

  /** Resolves when no snapshot of the session is under way, or after a while. */
  async settled(sessionId: string): Promise<void> {
    const pending = this.#pending.get(sessionId)
    if (pending) await settlesWithin(pending, patienceMs)
  }

  /**
   * Restores the directory of a session that was claimed, unless this node has it as it was last stored, or newer. The
   * session's log says so.
   *
   * @throws ServiceError WORKSPACE_UNAVAILABLE
   */
  async adopt(tenantId: string, sessionId: string): Promise<void> {
    const { store, portable } = this.#parts
    await this.#work.run(sessionId, async () => {
      const session = await store.findSession(tenantId, sessionId)
      const portableSession = session && toPortable(session)
      const { snapshot } = session ?? {}
      if (!portableSession || !snapshot) return
      if (snapshot.node === portable.node && (await portable.holds(portableSession))) return
      const { source, missingFiles } = await portable.restore(portableSession, this.#closing.signal)
      const takenAt = source === 'snapshot' ? new Date(snapshot.takenAt).toISOString() : null
      const turnCutOff = await hasTurnSince(store, session, snapshot.takenAt)
      const restored = { source, takenAt, turnCutOff, missingFiles }
      const isActive = session.status === 'active'
      this.#told.delete(sessionId)
      await this.#commit(
        session,
        { ...snapshot, node: portable.node, restored: isActive ? restored : null },
        isActive ? [{ type: 'workspace.restored', turnId: null, payload: restored }] : [],
      )
    })
  }

  /** How the directory was restored, unless Claude has been told already. */
  async findUntold({ tenantId, sessionId }: OfSession): Promise<WorkspaceSnapshot['restored']> {
    if (this.#told.has(sessionId)) return null
    const session = await this.#parts.store.findSession(tenantId, sessionId)
    return session?.snapshot?.restored ?? null
  }

  /** Claude has been told; the next snapshot says so. */
  markTold(sessionId: string): void {
    this.#told.add(sessionId)
  }

  /**
   * Waits for all snapshots under way.
   *
   * @param onStored called with each session when its files are stored
   * @param except sessions that others wait for
   */
  async settleAll(
    onStored: (sessionId: string) => Promise<void>,
    except: ReadonlySet<string>,
  ): Promise<void> {
    const settle = async (sessionId: string) => {
      await this.settled(sessionId)
      await onStored(sessionId)
    }
    await Promise.all(this.pendingIds.filter(sessionId => !except.has(sessionId)).map(settle))
  }

  /** Removes snapshots that no session needs any more, now and then, on one node. */
  start(): void {
    const { faults } = this.#parts
    const sweep = () =>
      void this.#sweep().catch(error => faults.error({ err: error }, 'workspace snapshot sweep failed'))
    this.#sweeping ??= setInterval(sweep, sweepPeriodMs).unref()
  }

  async #sweep(): Promise<void> {
    const { store, portable, cluster } = this.#parts
    if (cluster && !cluster.isFirst()) return
    await portable.sweep(async (tenantId, sessionId) => {
      const session = await store.findSession(tenantId, sessionId)
      return session && toPortable(session)?.snapshotId
    })
  }

  /** Ends all work. Snapshots of sessions that this node still has must have settled before. */
  async close(): Promise<void> {
    this.#closing.abort()
    clearInterval(this.#sweeping)
    await settlesWithin(Promise.all(this.#pending.values()), patienceMs)
  }

  async #takeAll(session: OfSession): Promise<void> {
    do {
      this.#again.delete(session.sessionId)
      await this.#work
        .run(session.sessionId, () => this.#take(session))
        .catch(error => this.#report(session, error))
    } while (this.#again.has(session.sessionId) && !this.#closing.signal.aborted)
  }

  async #take({ tenantId, sessionId }: OfSession): Promise<void> {
    const { store, portable, faults } = this.#parts
    const session = await store.findSession(tenantId, sessionId)
    const portableSession = session?.status === 'active' ? toPortable(session) : undefined
    const before = session?.snapshot
    if (!portableSession || !before) return
    const signal = AbortSignal.any([this.#closing.signal, AbortSignal.timeout(maxMs)])
    const isTold = this.#told.has(sessionId)
    const stored = await portable.save(portableSession, signal)
    const { takenAt, leftOut } = stored
    try {
      await stored.announce()
      const restored = isTold ? null : before.restored
      await this.#commit(session, { id: stored.id, node: portable.node, takenAt, restored })
    } catch (error) {
      if (error instanceof SessionFenced) await stored.discard()
      throw error
    }
    if (isTold) this.#told.delete(sessionId)
    await stored.confirm()
    if (leftOut > 0 && before.id === null)
      faults.error({ sessionId, leftOut }, 'workspace snapshot lacks files that cannot be read')
  }

  #commit(
    { tenantId, id: sessionId }: SessionRecord,
    snapshot: WorkspaceSnapshot,
    events: Parameters<EventLog['commit']>[0]['events'] = [],
  ) {
    return this.#parts.log.commit({ tenantId, sessionId, at: Date.now(), session: { snapshot }, events })
  }

  /** The session has gone, or is over, together with its directory: nothing is amiss. */
  async #report({ tenantId, sessionId }: OfSession, error: unknown): Promise<void> {
    if (error instanceof SessionFenced) return
    const session = await this.#parts.store.findSession(tenantId, sessionId).catch(() => undefined)
    if (session && session.status !== 'active') return
    this.#parts.faults.error({ err: error, sessionId }, 'workspace snapshot failed')
  }
}

/** Undefined: directories stay where they are. */
export function openSnapshots(
  parts: Omit<WorkspaceSnapshotsParts, 'log' | 'portable'> & { workspaces: Workspaces },
  log: EventLog,
): WorkspaceSnapshots | undefined {
  const { portable } = parts.workspaces
  return portable && new WorkspaceSnapshots({ ...parts, log, portable })
}

/** Undefined: the directory stays where it is, or is gone with the session. */
function toPortable({
  id,
  tenantId,
  workspace,
  snapshot,
  status,
}: SessionRecord): PortableSession | undefined {
  if (!workspace || !snapshot) return undefined
  if (status !== 'active' && workspace.removeOnEnd) return undefined
  return { id, tenantId, workspace, snapshotId: snapshot.id }
}
