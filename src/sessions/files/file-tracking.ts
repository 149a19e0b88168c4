import type { Log } from '../../lib/log.ts'
import type { ToolUse, Workspaces } from '../ports/index.ts'
import type { SessionRecord } from '../records.ts'
import { scopeOf } from './file-scope.ts'

export interface FileTrackingContext {
  workspaces: Workspaces
  faults: Pick<Log, 'error'>
  findSession(): Promise<SessionRecord>
  /** The turn that runs. */
  findTurnId(): string | undefined
}

/**
 * Keeps what a session's files were before its tools change them: a snapshot with the first tool of a turn that
 * may change something, and each file that a tool names. What goes wrong is logged, and the tool runs all the same.
 */
export class FileTracking {
  readonly #context: FileTrackingContext
  /** Of what Claude does between turns, which belongs to the one before. */
  #turnId: string | undefined
  #snapshot: { turnId: string | undefined; taken: Promise<void> } | undefined

  constructor(context: FileTrackingContext) {
    this.#context = context
  }

  async before({ file }: ToolUse): Promise<void> {
    await this.#safely(async () => {
      const { workspaces, findSession } = this.#context
      const turnId = this.#findTurnId()
      const scope = scopeOf(await findSession())
      // Tools that run together wait for the same one.
      if (!this.#snapshot || this.#snapshot.turnId !== turnId) {
        this.#snapshot = { turnId, taken: workspaces.snapshots.take(scope, turnId ?? null) }
      }
      await this.#snapshot.taken
      if (file !== null && turnId !== undefined) await workspaces.checkpoints.capture(scope, turnId, file)
    })
  }

  async after({ file }: ToolUse): Promise<void> {
    const turnId = this.#findTurnId()
    if (file === null || turnId === undefined) return
    await this.#safely(async () => {
      const { workspaces, findSession } = this.#context
      await workspaces.checkpoints.seal(scopeOf(await findSession()), turnId, file)
    })
  }

  #findTurnId(): string | undefined {
    this.#turnId = this.#context.findTurnId() ?? this.#turnId
    return this.#turnId
  }

  async #safely(work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (error) {
      this.#context.faults.error({ err: error }, 'checkpoint failed')
    }
  }
}
