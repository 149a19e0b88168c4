import type { Core } from '../core.ts'
import type { ArchiveQuery, Precondition, Snapshots, TreeQuery, WorkspaceFiles } from '../ports.ts'
import type { Caller, SessionRecord } from '../records.ts'
import { rootsOf, scopeOf } from './file-scope.ts'
import type { FilesService } from './files-service.ts'

/** Says whose files are asked for; the rest is the workspace's. */
export class SessionFiles implements FilesService {
  readonly #known: Core['known']
  readonly #files: WorkspaceFiles
  readonly #snapshots: Snapshots

  constructor({ known, workspaces }: Core, files: WorkspaceFiles) {
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
    const roots = rootsOf(await this.#beginChange(caller, sessionId))
    return this.#files.write(roots, path, bytes, precondition)
  }

  async remove(
    caller: Caller,
    sessionId: string,
    path: string,
    options: { recursive: boolean; precondition: Precondition },
  ) {
    await this.#files.remove(rootsOf(await this.#beginChange(caller, sessionId)), path, options)
  }

  async archive(caller: Caller, sessionId: string, query: ArchiveQuery) {
    return this.#files.archive(rootsOf(await this.#known.get(caller, sessionId)), query)
  }

  async #beginChange(caller: Caller, sessionId: string): Promise<SessionRecord> {
    const session = await this.#known.getActive(caller, sessionId)
    await this.#snapshots.take(scopeOf(session), null)
    return session
  }
}
