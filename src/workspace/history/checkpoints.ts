import { OneAtATime } from '../../lib/one-at-a-time.ts'
import type {
  CheckpointedChange,
  CheckpointRecord,
  Checkpoints,
  FileHistoryStore,
  FileScope,
  RestoreOptions,
  RestorePlan,
} from '../../sessions/ports/index.ts'
import { findFile } from './file-state.ts'
import type { KeptContents } from './kept-contents.ts'
import { planRestoration, restore, toPlan } from './restoration.ts'

/** The checkpoints of files; see the port `Checkpoints`. Rows are in the store, contents in files beside it. */
export class FileCheckpoints implements Checkpoints {
  readonly #store: FileHistoryStore
  readonly #contents: KeptContents
  readonly #tops: readonly string[]
  readonly #oneAtATime = new OneAtATime()

  /** @param tops see `ProgramGuard` */
  constructor(store: FileHistoryStore, contents: KeptContents, tops: readonly string[] = []) {
    this.#store = store
    this.#tops = tops
    this.#contents = contents
  }

  capture(scope: FileScope, turnId: string, path: string): Promise<void> {
    return this.#oneAtATime.run(scope.sessionId, async () => {
      const file = await findFile(scope.directories, path)
      if (!file) return
      const { tenantId, sessionId } = scope
      const known = await this.#store.findCheckpoint(tenantId, sessionId, turnId, file.path)
      if (known) {
        const disturbed = known.after !== null && known.after.hash !== file.state.hash
        if (disturbed && !known.disturbed) await this.#store.saveCheckpoint({ ...known, disturbed })
        return
      }
      const { hash } = file.state
      if (hash !== null && file.content) await this.#contents.keep(sessionId, hash, file.content)
      await this.#store.saveCheckpoint({
        tenantId,
        sessionId,
        turnId,
        path: file.path,
        before: file.state,
        after: null,
        disturbed: false,
        takenAt: Date.now(),
      })
    })
  }

  seal(scope: FileScope, turnId: string, path: string): Promise<void> {
    return this.#oneAtATime.run(scope.sessionId, async () => {
      const file = await findFile(scope.directories, path)
      if (!file) return
      const known = await this.#store.findCheckpoint(scope.tenantId, scope.sessionId, turnId, file.path)
      if (known) await this.#store.saveCheckpoint({ ...known, after: { ...file.state, kept: false } })
    })
  }

  async listChanges(scope: FileScope, sinceTurnId: string | null): Promise<CheckpointedChange[]> {
    const { tenantId, sessionId } = scope
    const records = await this.#store.listCheckpoints(tenantId, sessionId, sinceTurnId)
    const byPath = Map.groupBy(records, ({ path }) => path)
    const changes = [...byPath].map(([path, ofFile]) => toChange(scope, path, ofFile))
    const listed = await Promise.all(changes)
    return listed.sort((a, b) => (a.path < b.path ? -1 : 1))
  }

  async planRestore(scope: FileScope, toTurnId: string, options: RestoreOptions = {}): Promise<RestorePlan> {
    const changes = await this.listChanges(scope, toTurnId)
    return toPlan(scope, await planRestoration(scope, changes, this.#contents, this.#tops, options))
  }

  restore(scope: FileScope, toTurnId: string, options: RestoreOptions = {}): Promise<RestorePlan> {
    return this.#oneAtATime.run(scope.sessionId, async () => {
      const changes = await this.listChanges(scope, toTurnId)
      const steps = await planRestoration(scope, changes, this.#contents, this.#tops, options)
      const done = []
      for (const step of steps) done.push(await restore(scope, step, this.#contents))
      const restored = done.filter(({ skip }) => skip === undefined).map(({ path }) => path)
      await this.#store.removeCheckpoints(scope.tenantId, scope.sessionId, toTurnId, restored)
      return toPlan(scope, done)
    })
  }
}

/** @param records the records of one file, at least one, in the order of turns */
async function toChange(
  { directories }: FileScope,
  path: string,
  records: CheckpointRecord[],
): Promise<CheckpointedChange> {
  const [first] = records as [CheckpointRecord]
  const last = records.at(-1) ?? first
  const between = records.some((record, index) => {
    const before = records[index - 1]
    return record.disturbed || (before?.after && before.after.hash !== record.before.hash)
  })
  const now = await findFile(directories, path).catch(() => undefined)
  // A tool that was denied or failed has not changed the file.
  const left = last.after ?? last.before
  const since = now !== undefined && now.state.hash !== left.hash && last.after !== null
  return { path, before: first.before, after: last.after, changedByOthers: Boolean(between) || since }
}
