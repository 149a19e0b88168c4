import type { Log } from '../../lib/log.ts'
import type { ProcessLedger, ProcessRecord } from '../../sessions/ports/index.ts'
import type { Boxes } from '../isolation/boxes.ts'
import { toStartText, toStartTicks } from './process-table.ts'
import { identify, ProcessTree } from './process-tree.ts'

/**
 * The registry of live processes, which is stored so that a start after a crash finds the leftovers. A failed write
 * only loses this ability; processes keep running.
 */
export class ProcessRegistry {
  readonly #ledger: ProcessLedger | undefined
  readonly #log: Pick<Log, 'warn'>
  readonly #boxes: Pick<Boxes, 'removeLeftovers'> | undefined
  readonly #mayAct: () => boolean
  readonly #trees = new Set<ProcessTree>()
  #writes: Promise<void> = Promise.resolve()

  /**
   * @param boxes undefined: processes have no control groups
   * @param mayAct false: no process may start
   */
  constructor(
    ledger: ProcessLedger | undefined,
    log: Pick<Log, 'warn'>,
    boxes?: Pick<Boxes, 'removeLeftovers'>,
    mayAct = () => true,
  ) {
    this.#ledger = ledger
    this.#boxes = boxes
    this.#mayAct = mayAct
    this.#log = log
  }

  /**
   * Must be called right before a process with this marker is started.
   *
   * @throws Error when the process must not start
   */
  announce(marker: string, claudeSessionId: string | null): void {
    if (!this.#mayAct()) throw new Error('the lease of this node is not good: no process may start')
    const { startTicks } = identify(process.pid)
    if (Number.isNaN(startTicks)) return
    this.#ledger?.announceProcess?.({ pid: 0, startedAt: toStartText(startTicks), marker, claudeSessionId })
  }

  /** @param claudeSessionId null: a process without a conversation */
  add(tree: ProcessTree, claudeSessionId: string | null): void {
    this.#trees.add(tree)
    const { pid, startTicks } = tree.leader
    if (Number.isNaN(startTicks)) return
    const record = { pid, startedAt: toStartText(startTicks), marker: tree.marker, claudeSessionId }
    this.#write(ledger => ledger.recordProcess(record))
  }

  /**
   * Records that processes with this marker are children of this server, without one record each. After a crash, they
   * are found by the marker.
   */
  async addChildren(marker: string): Promise<void> {
    const { startTicks } = identify(process.pid)
    if (Number.isNaN(startTicks)) return
    const record = { pid: 0, startedAt: toStartText(startTicks), marker, claudeSessionId: null }
    this.#write(ledger => ledger.recordProcess(record))
    await this.written()
  }

  /** Must be called when an announced process could not be started. */
  withdraw(marker: string): void {
    if (this.#ledger?.announceProcess) this.removeChildren(marker)
  }

  /** Must be called when all of them have ended. */
  removeChildren(marker: string): void {
    this.#write(ledger => ledger.forgetProcess(marker))
  }

  /** Must be called when the process and its descendants have ended. */
  remove(tree: ProcessTree): void {
    this.#trees.delete(tree)
    this.#write(ledger => ledger.forgetProcess(tree.marker))
  }

  /** Resolves when all pending writes are done. */
  async written(): Promise<void> {
    await this.#writes
  }

  /** Ends all live processes at once without waiting, for a program that is about to exit. */
  killAll(): void {
    for (const tree of this.#trees) tree.killNow()
  }

  /** Ends the processes left by a previous run of the server, and no others. */
  async sweep(): Promise<void> {
    const records = (await this.#ledger?.listProcesses()) ?? []
    await Promise.all(records.map(record => this.#sweepOne(record)))
    await this.written()
  }

  async #sweepOne(record: ProcessRecord): Promise<void> {
    const { pid, marker, claudeSessionId } = record
    const startTicks = toStartTicks(record.startedAt)
    // Processes from before the last boot are gone, and their pids may belong to others now.
    if (startTicks !== undefined) {
      const tree = new ProcessTree({ pid, startTicks }, marker, false)
      const left = tree.look().map(member => member.pid)
      if (left.length > 0) {
        this.#log.warn({ pids: left, claudeSessionId }, 'ending leftover processes of a previous run')
        if (!(await tree.end())) this.#log.warn({ pid, claudeSessionId }, 'leftover processes still running')
      }
    }
    await this.#boxes?.removeLeftovers(marker)
    this.#write(ledger => ledger.forgetProcess(marker))
  }

  #write(write: (ledger: ProcessLedger) => Promise<void>): void {
    const ledger = this.#ledger
    if (!ledger) return
    this.#writes = this.#writes
      .then(() => write(ledger))
      .catch(error => this.#log.warn({ err: error }, 'process registry write failed'))
  }
}
