import type { Log } from '../../lib/log.ts'
import type { ProcessLedger, ProcessRecord } from '../../sessions/ports/index.ts'
import { readBootId } from './process-table.ts'
import { identify, ProcessTree } from './process-tree.ts'

/**
 * Every process that lives, written down while it does, so that a start after a crash finds what is left. A
 * ledger that cannot be written only costs that: it keeps nothing from running.
 */
export class ProcessRegistry {
  readonly #ledger: ProcessLedger | undefined
  readonly #log: Pick<Log, 'warn'>
  readonly #trees = new Set<ProcessTree>()
  #writes: Promise<void> = Promise.resolve()

  constructor(ledger: ProcessLedger | undefined, log: Pick<Log, 'warn'>) {
    this.#ledger = ledger
    this.#log = log
  }

  /** @param claudeSessionId null for a process without a conversation */
  add(tree: ProcessTree, claudeSessionId: string | null): void {
    this.#trees.add(tree)
    const { pid, startTicks } = tree.leader
    if (Number.isNaN(startTicks)) return
    const record = { pid, startedAt: toText(startTicks), marker: tree.marker, claudeSessionId }
    this.#write(ledger => ledger.recordProcess(record))
  }

  /**
   * Notes that processes with that marker are children of this one, without a record for each of them. After a crash
   * they are found by the marker.
   */
  async addChildren(marker: string): Promise<void> {
    const { pid, startTicks } = identify(process.pid)
    if (Number.isNaN(startTicks)) return
    const record = { pid, startedAt: toText(startTicks), marker, claudeSessionId: null }
    this.#write(ledger => ledger.recordProcess(record))
    await this.written()
  }

  /** To be called when none of them is left. */
  removeChildren(marker: string): void {
    this.#write(ledger => ledger.forgetProcess(marker))
  }

  /** To be called when all of it is gone. */
  remove(tree: ProcessTree): void {
    this.#trees.delete(tree)
    this.#write(ledger => ledger.forgetProcess(tree.marker))
  }

  /** Resolves when what was to be written is written. */
  async written(): Promise<void> {
    await this.#writes
  }

  /** Ends at once whatever lives, without waiting: for a program that is about to exit. */
  killAll(): void {
    for (const tree of this.#trees) tree.killNow()
  }

  /** Ends what a former life of this server has left, and only that. */
  async sweep(): Promise<void> {
    const records = (await this.#ledger?.listProcesses()) ?? []
    await Promise.all(records.map(record => this.#sweepOne(record)))
    await this.written()
  }

  async #sweepOne(record: ProcessRecord): Promise<void> {
    const { pid, marker, claudeSessionId } = record
    const startTicks = toTicks(record.startedAt)
    // Nothing of before the last boot is left, and its numbers mean others now.
    if (startTicks !== undefined) {
      const tree = new ProcessTree({ pid, startTicks }, marker, false)
      const left = tree.look().map(member => member.pid)
      if (left.length > 0) {
        this.#log.warn({ pids: left, claudeSessionId }, 'ending processes that a former life has left')
        if (!(await tree.end())) this.#log.warn({ pid, claudeSessionId }, 'some of them cannot be ended')
      }
    }
    this.#write(ledger => ledger.forgetProcess(marker))
  }

  #write(write: (ledger: ProcessLedger) => Promise<void>): void {
    const ledger = this.#ledger
    if (!ledger) return
    this.#writes = this.#writes
      .then(() => write(ledger))
      .catch(error => this.#log.warn({ err: error }, 'the list of processes could not be written'))
  }
}

function toText(startTicks: number): string {
  return `${readBootId()}/${startTicks}`
}

/** Undefined for a start of before this boot. */
function toTicks(startedAt: string): number | undefined {
  const [bootId, ticks] = startedAt.split('/')
  return bootId === readBootId() && ticks !== undefined ? Number(ticks) : undefined
}
