import type { Core } from '../core.ts'
import { optionsOf, type SessionsOptions } from '../options.ts'
import type { ArchiveQuery, Precondition, Snapshots, TreeQuery, WorkspaceFiles } from '../ports/index.ts'
import type { Caller, SessionRecord } from '../records.ts'
import { isTrusted } from '../settings/trust.ts'
import { rootsOf, scopeOf } from './file-scope.ts'

/** Says whose files are asked for; the rest is the workspace's. */
export class SessionFiles {
  readonly #known: Core['known']
  readonly #files: WorkspaceFiles
  readonly #snapshots: Snapshots
  readonly #portable: Core['snapshots']
  readonly #options: SessionsOptions

  constructor({ known, workspaces, options, snapshots }: Core, files: WorkspaceFiles) {
    this.#options = options
    this.#portable = snapshots
    this.#known = known
    this.#snapshots = workspaces.snapshots
    this.#files = files
  }

  async list(caller: Caller, sessionId: string, query: TreeQuery) {
    return this.#files.list(rootsOf(await this.#known.get(caller, sessionId)), query)
  }

  async open(caller: Caller, sessionId: string, path: string) {
    return this.#files.open(rootsOf(await this.#known.get(caller, sessionId)), path)
  }

  async save(caller: Caller, sessionId: string, path: string, bytes: Uint8Array, precondition: Precondition) {
    const session = await this.#beginChange(caller, sessionId)
    const options = { precondition, isTrusted: this.#trusts(session) }
    const written = await this.#files.write(rootsOf(session), path, bytes, options)
    this.#portable?.begin({ tenantId: session.tenantId, sessionId })
    return written
  }

  async remove(
    caller: Caller,
    sessionId: string,
    path: string,
    options: { recursive: boolean; precondition: Precondition },
  ) {
    const session = await this.#beginChange(caller, sessionId)
    await this.#files.remove(rootsOf(session), path, { ...options, isTrusted: this.#trusts(session) })
    this.#portable?.begin({ tenantId: session.tenantId, sessionId })
  }

  async archive(caller: Caller, sessionId: string, query: ArchiveQuery) {
    return this.#files.archive(rootsOf(await this.#known.get(caller, sessionId)), query)
  }

  #trusts({ tenantId, workspace }: SessionRecord): (path: string) => boolean {
    const policy = optionsOf(this.#options, tenantId)
    return path => isTrusted(path, workspace, policy)
  }

  async #beginChange(caller: Caller, sessionId: string): Promise<SessionRecord> {
    const session = await this.#known.getActive(caller, sessionId)
    await this.#snapshots.take(scopeOf(session), null)
    return session
  }
}
