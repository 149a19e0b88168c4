import type { Log } from '../../lib/log.ts'
import type { Change } from '../ports/index.ts'
import type { EventLog } from './event-log.ts'

const retryDelayMs = 1_000

type Write = Pick<
  Change,
  'session' | 'updateTurn' | 'idempotency' | 'savePermission' | 'saveTasks' | 'addAutonomousWork' | 'events'
>

/**
 * Writes what a running turn makes of a session, in order. While one transaction is under way, what comes
 * meanwhile is put together into the next. What cannot be written is kept and tried again: it has happened, and
 * nobody can take it back.
 */
export class SessionWriter {
  readonly #log: EventLog
  readonly #owner: { tenantId: string; sessionId: string }
  readonly #faults: Pick<Log, 'error'>
  readonly #signal: AbortSignal
  #pending: (Write & { done: () => void })[] = []
  #writing = false

  /** @param signal gives up what cannot be written */
  constructor(
    log: EventLog,
    owner: { tenantId: string; sessionId: string },
    faults: Pick<Log, 'error'>,
    signal: AbortSignal,
  ) {
    this.#log = log
    this.#owner = owner
    this.#faults = faults
    this.#signal = signal
  }

  /** Resolves when it is durable and the readers have been told, or when the writer gave up. */
  write(write: Write): Promise<void> {
    return new Promise(resolve => {
      this.#pending.push({ ...write, done: resolve })
      if (!this.#writing) void this.#writeAll()
    })
  }

  async #writeAll(): Promise<void> {
    this.#writing = true
    // Frames of one chunk arrive in one go: let the rest of them join this transaction.
    await Promise.resolve()
    while (this.#pending.length > 0) {
      const batch = this.#take()
      await this.#commit(merge(batch))
      for (const { done } of batch) done()
    }
    this.#writing = false
  }

  /** As many as go into one transaction: a turn is updated once in each, and one key or permission is stored. */
  #take(): (Write & { done: () => void })[] {
    const end = this.#pending.findIndex(
      ({ updateTurn, idempotency, savePermission }) => updateTurn ?? idempotency ?? savePermission,
    )
    return this.#pending.splice(0, end === -1 ? this.#pending.length : end + 1)
  }

  async #commit(write: Write): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        await this.#log.commit({ ...this.#owner, at: Date.now(), ...write })
        return
      } catch (error) {
        this.#faults.error(
          { err: error, sessionId: this.#owner.sessionId, attempt },
          'could not write to the store',
        )
        if (this.#signal.aborted) return
        await new Promise<void>(resolve => {
          const timer = setTimeout(done, retryDelayMs)
          const signal = this.#signal
          function done() {
            clearTimeout(timer)
            signal.removeEventListener('abort', done)
            resolve()
          }
          signal.addEventListener('abort', done)
        })
      }
    }
  }
}

function merge(writes: Write[]): Write {
  const session = Object.assign({}, ...writes.map(write => write.session))
  const { updateTurn, idempotency, savePermission } = writes.at(-1) ?? {}
  const saveTasks = writes.flatMap(write => write.saveTasks ?? [])
  const addAutonomousWork = writes.flatMap(write => write.addAutonomousWork ?? [])
  return {
    ...(Object.keys(session).length > 0 && { session }),
    ...(updateTurn && { updateTurn }),
    ...(idempotency && { idempotency }),
    ...(savePermission && { savePermission }),
    ...(saveTasks.length > 0 && { saveTasks }),
    ...(addAutonomousWork.length > 0 && { addAutonomousWork }),
    events: writes.flatMap(write => write.events),
  }
}
