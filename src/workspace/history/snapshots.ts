import { join } from 'node:path'
import type { Log } from '../../lib/log.ts'
import { OneAtATime } from '../../lib/one-at-a-time.ts'
import type { FileHistoryStore, FileScope, SnapshotRecord, Snapshots } from '../../sessions/ports/index.ts'
import type { Git } from '../git/git-command.ts'
import type { ZoneDirectories } from '../git/repository-zone.ts'
import { SnapshotRepository, type TreeResult } from './snapshot-repository.ts'

/** The snapshots of sessions; see the port `Snapshots`. Each session has a repository in the data directory. */
export class GitSnapshots implements Snapshots {
  readonly #store: FileHistoryStore
  readonly #git: Git
  readonly #directory: string
  readonly #placesOf: (tenantId: string) => ZoneDirectories
  readonly #log: Pick<Log, 'warn'>
  readonly #oneAtATime = new OneAtATime()

  /**
   * @param directory the parent of the sessions' repositories
   * @param placesOf where a repository of a tenant may lie
   */
  constructor(
    store: FileHistoryStore,
    git: Git,
    directory: string,
    placesOf: (tenantId: string) => ZoneDirectories,
    log: Pick<Log, 'warn'>,
  ) {
    this.#store = store
    this.#git = git
    this.#directory = directory
    this.#placesOf = placesOf
    this.#log = log
  }

  async take(scope: FileScope, turnId: string | null): Promise<void> {
    const { tenantId, sessionId } = scope
    try {
      await this.#oneAtATime.run(sessionId, async () => {
        if (await this.#store.hasSnapshot(tenantId, sessionId, turnId)) return
        const result = await this.repositoryOf(scope).writeTree(scope.directories)
        this.#reportFailure(sessionId, result)
        const taken: SnapshotRecord = {
          tenantId,
          sessionId,
          turnId,
          tree: 'tree' in result ? result.tree : null,
          missing: 'missing' in result ? result.missing : null,
          takenAt: Date.now(),
        }
        await this.#store.saveSnapshot(taken)
      })
    } catch (error) {
      this.#log.warn({ err: error, sessionId }, 'snapshot failed')
    }
  }

  /** Takes a snapshot without recording it in the store. */
  async takeNow(scope: FileScope, signal?: AbortSignal): Promise<TreeResult> {
    const { sessionId, directories } = scope
    return this.#oneAtATime.run(sessionId, async () => {
      const result = await this.repositoryOf(scope).writeTree(directories, signal)
      this.#reportFailure(sessionId, result)
      return result
    })
  }

  /** Finds the snapshot at the start of a turn, or of the session (null). */
  find({ tenantId, sessionId }: FileScope, sinceTurnId: string | null): Promise<SnapshotRecord | undefined> {
    return this.#store.findSnapshot(tenantId, sessionId, sinceTurnId)
  }

  repositoryOf({ tenantId, sessionId }: FileScope): SnapshotRepository {
    const directory = join(this.#directory, sessionId, 'snapshots.git')
    return new SnapshotRepository(directory, this.#git, this.#placesOf(tenantId))
  }

  #reportFailure(sessionId: string, result: TreeResult): void {
    if ('missing' in result && (result.missing === 'failed' || result.missing === 'unsafe_repository')) {
      this.#log.warn({ sessionId, said: result.said }, 'snapshot failed')
    }
  }
}
