import { randomUUID } from 'node:crypto'
import { invalidField, ServiceError } from '../../contract/errors.ts'
import type { OperationInput } from '../../contract/operations.ts'
import { OneAtATime } from '../../lib/one-at-a-time.ts'
import { settlesWithin } from '../../lib/settles-within.ts'
import type { Core } from '../core.ts'
import { maxSessionsReached } from '../lifecycle/admit-session.ts'
import { optionsOf } from '../options.ts'
import type { FoundWorkspace, OwnWorkspace, Store, Workspaces } from '../ports/index.ts'
import type { SessionRecord } from '../records.ts'
import { resolveDirectory, resolveWorkingDirectory } from './working-directory.ts'

/** The time limit of a removal; leftovers are removed at the next start. */
const removalBoundMs = 2_000

/** The workspace of a session that asks for none, where each has its own. */
const ownWorkspace = { type: 'empty', removeOnEnd: true } as const

type CreateRequest = Pick<OperationInput<'createSession'>['body'], 'cwd' | 'workspace' | 'sessionId'>

/** Where a session is going to work. */
export interface SessionPlace {
  /** The id that a session with a directory of its own has to have. */
  sessionId: string | undefined
  cwd: string
  /** null: an existing directory. */
  workspace: OwnWorkspace | null
  /** To be called when the session could not be made. */
  undo(): Promise<void>
}

/** Finds or makes the directories of sessions, and removes those that are the server's own and not needed any more. */
export class SessionDirectories {
  readonly #core: Core
  readonly #workspaces: Workspaces
  readonly #closing = new AbortController()
  readonly #removing = new Set<Promise<void>>()
  /** By path: whether a directory is removed depends on who else works in it. */
  readonly #changes = new OneAtATime()

  constructor(core: Core, workspaces: Workspaces) {
    this.#core = core
    this.#workspaces = workspaces
  }

  /**
   * Lists the directories of a previous run, and begins to remove those of sessions that were never created or are
   * over. Directories that are made from now on are not among them.
   */
  async open(): Promise<void> {
    this.#track(this.#removeAllLeft(await this.#workspaces.list()))
  }

  async #removeAllLeft(found: readonly FoundWorkspace[]): Promise<void> {
    for (const { tenantId, read } of found) {
      if (this.#closing.signal.aborted) return
      const workspace = await read()
      if (!workspace) continue
      await this.#safely(() => this.hold(workspace, () => this.#removeLeft(tenantId, workspace)))
    }
  }

  async #removeLeft(tenantId: string, workspace: OwnWorkspace): Promise<void> {
    const provider = this.#workspaces.providerOf(tenantId)
    const { total, active } = await this.#core.store.fileHistory.countSessionsIn(workspace.path)
    if (total === 0) await provider.undo(workspace)
    else if (active === 0 && workspace.removeOnEnd) await provider.remove(workspace)
  }

  #track(removing: Promise<void>): void {
    this.#removing.add(removing)
    void removing.then(() => this.#removing.delete(removing))
  }

  /** @param signal fires when the request was cancelled */
  async provide(
    tenantId: string,
    { cwd, workspace: asked, sessionId: wanted }: CreateRequest,
    signal: AbortSignal | undefined,
  ): Promise<SessionPlace> {
    const { store } = this.#core
    const options = optionsOf(this.#core.options, tenantId)
    if (cwd !== undefined && asked !== undefined) {
      throw invalidField('cwd', 'cannot be combined with workspace')
    }
    const isOwn = options.defaultWorkspace === 'empty' && cwd === undefined
    const workspace = asked ?? (isOwn ? ownWorkspace : undefined)
    if (workspace === undefined || workspace.type === 'directory') {
      const directory = workspace
        ? await resolveDirectory('workspace.path', workspace.path, options)
        : await resolveWorkingDirectory(cwd, options)
      return { sessionId: undefined, cwd: directory, workspace: null, undo: async () => {} }
    }
    // Looked at again when the session is stored; a clone for nothing would take its time.
    const { active } = await store.countSessions()
    if (active >= options.maxSessions) throw maxSessionsReached(options.maxSessions, active)
    const sessionId = wanted ?? randomUUID()
    const provider = this.#workspaces.providerOf(tenantId)
    const stop = AbortSignal.any([this.#closing.signal, ...(signal ? [signal] : [])])
    const made = await provider.provide(workspace, sessionId, stop).catch(error => {
      throw this.#closing.signal.aborted
        ? new ServiceError('SHUTTING_DOWN', 'The server is shutting down')
        : error
    })
    const undo = () => this.#safely(() => provider.undo(made))
    return { sessionId, cwd: made.path, workspace: made, undo }
  }

  /**
   * Removes the directory of a session that is over, if that was asked for and no other session works in it.
   * @param gone resolves when its process has gone
   */
  release({ id, tenantId, workspace }: SessionRecord, gone: Promise<void>): void {
    if (!workspace?.removeOnEnd) return
    this.#track(
      this.#safely(async () => {
        await gone
        await this.#core.snapshots?.settled(id)
        await this.hold(workspace, async () => {
          const { active } = await this.#core.store.fileHistory.countSessionsIn(workspace.path)
          if (active > 0) return
          await this.#workspaces.providerOf(tenantId).remove(workspace)
          await this.#workspaces.portable?.remove({ tenantId, id })
        })
      }),
    )
  }

  /**
   * Does something that must not meet the removal of a directory.
   * @param workspace null: a directory that the server does not remove
   */
  hold<T>(workspace: OwnWorkspace | null, work: () => Promise<T>): Promise<T> {
    return workspace ? this.#changes.run(workspace.path, work) : work()
  }

  /** Carries out retention: removes the events of a session, then its file history, and gives back the space. */
  withHistories(): Pick<Store, 'trimEvents'> {
    const { store } = this.#core
    return {
      trimEvents: async (endedBefore, limit) =>
        (await store.trimEvents(endedBefore, limit)) ||
        (await this.#forgetHistory(endedBefore)) ||
        store.retention.reclaimStep(),
    }
  }

  /** Removes the files of a session that is going to be removed, and the directory that was made for it alone. */
  async forget({ id, tenantId, workspace }: SessionRecord): Promise<void> {
    await this.#safely(() => this.#workspaces.forget(id))
    await this.#safely(async () => this.#workspaces.portable?.remove({ tenantId, id }))
    if (!workspace) return
    await this.#safely(() =>
      this.hold(workspace, async () => {
        const { total } = await this.#core.store.fileHistory.countSessionsIn(workspace.path)
        if (total <= 1) await this.#workspaces.providerOf(tenantId).remove(workspace)
      }),
    )
  }

  async #forgetHistory(endedBefore: number): Promise<boolean> {
    const { fileHistory } = this.#core.store
    const [oldest] = await fileHistory.listFileHistories(endedBefore, 1)
    if (!oldest) return false
    await this.#workspaces.forget(oldest.sessionId)
    await fileHistory.removeFileHistory(oldest.tenantId, oldest.sessionId)
    return true
  }

  /** Ends what is being made; what is being removed has a moment. */
  async close(): Promise<void> {
    this.#closing.abort()
    const removed = Promise.all(this.#removing)
    await settlesWithin(removed, removalBoundMs)
    await this.#workspaces.close()
    await removed
  }

  /** Logs a failed removal, which is tried again at the next start. */
  async #safely(work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (error) {
      this.#core.faults.error({ err: error }, 'session directory removal failed')
    }
  }
}
