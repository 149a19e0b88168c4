import { setTimeout as pause } from 'node:timers/promises'
import type { Log } from '../../lib/log.ts'
import { claimAuditEntry } from '../ports/audit.ts'
import type { Change } from '../ports/index.ts'
import { type EventRecord, SessionFenced } from '../records.ts'
import type { EventLog } from './event-log.ts'

const retryDelayMs = 1_000
/** How long a held write waits for the next one, in milliseconds. */
const holdMs = 1_000
/** Held writes beyond this number do not wait any longer. */
const maxHeld = 200

type Write = Pick<
  Change,
  | 'session'
  | 'updateTurn'
  | 'idempotency'
  | 'savePermission'
  | 'saveTasks'
  | 'addAutonomousWork'
  | 'usage'
  | 'transcript'
  | 'events'
  | 'audit'
>

type Pending = Write & { held: boolean; done: (stored: readonly EventRecord[]) => void }

/**
 * Writes a session's changes in order. While one transaction is under way, later changes gather for the next. A
 * change that cannot be written is kept and tried again: it has happened, and cannot be taken back. Only where the
 * session belongs to another owner by now, it is given up.
 *
 * Not every record is worth a transaction of its own. A held write waits, in its place in the order, for the next
 * write of the session, but not longer than a second: see docs/adr/0018-three-transactions-a-turn.md.
 */
export class SessionWriter {
  readonly #log: EventLog
  readonly #owner: { tenantId: string; sessionId: string }
  readonly #faults: Pick<Log, 'error'>
  readonly #signal: AbortSignal
  #pending: Pending[] = []
  #writing: Promise<void> | undefined
  #holding: NodeJS.Timeout | undefined

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

  /**
   * Resolves when the change is durable and the readers have been told, with the events of its transaction; with
   * none when the writer gave up.
   */
  write(write: Write): Promise<readonly EventRecord[]> {
    // Here and not when it is stored: that may happen while another request writes.
    const claim = claimAuditEntry()
    const audited = claim ? { ...write, audit: [claim] } : write
    return new Promise(done => {
      this.#pending.push({ ...audited, held: false, done })
      this.#start()
    })
  }

  /** Writes together with the next change of the session, or after a second. */
  hold(write: Write): void {
    this.#pending.push({ ...write, held: true, done: () => {} })
    if (this.#pending.length > maxHeld) this.#start()
    this.#holding ??= setTimeout(() => this.#start(), holdMs)
  }

  /** Resolves when everything handed in so far is durable, or the writer gave up. */
  async flush(): Promise<void> {
    if (this.#pending.length > 0) this.#start()
    await this.#writing
  }

  #start(): void {
    clearTimeout(this.#holding)
    this.#holding = undefined
    this.#writing ??= this.#writeAll()
  }

  async #writeAll(): Promise<void> {
    // Frames of one chunk arrive in one go: let the rest of them join this transaction.
    await Promise.resolve()
    do {
      const batch = this.#take()
      const stored = await this.#commit(merge(batch))
      for (const { done } of batch) done(stored)
    } while (this.#pending.some(({ held }) => !held) || (this.#pending.length > 0 && !this.#holding))
    // In the same step as the look at what is pending: a change that comes between the two would not be written.
    this.#writing = undefined
  }

  /** As many as go into one transaction: a turn is updated once in each, and one key or permission is stored. */
  #take(): Pending[] {
    const end = this.#pending.findIndex(
      ({ updateTurn, idempotency, savePermission }) => updateTurn ?? idempotency ?? savePermission,
    )
    return this.#pending.splice(0, end === -1 ? this.#pending.length : end + 1)
  }

  async #commit(write: Write): Promise<readonly EventRecord[]> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#store(write)
      } catch (error) {
        // The new owner knows better what has happened.
        if (error instanceof SessionFenced) return []
        const { sessionId } = this.#owner
        this.#faults.error({ err: error, sessionId, attempt }, 'store write failed')
        const stored = await this.#storeWithoutTranscript(write)
        if (stored) return stored
        if (this.#signal.aborted) return []
        await pause(retryDelayMs, undefined, { signal: this.#signal }).catch(() => {})
      }
    }
  }

  #store(write: Write): Promise<EventRecord[]> {
    return this.#log.commit({ ...this.#owner, at: Date.now(), ...write })
  }

  /** Lines that cannot be stored must not hold up a turn: Claude Code has them in its own file. */
  async #storeWithoutTranscript({ transcript, ...write }: Write): Promise<EventRecord[] | undefined> {
    if (!transcript) return undefined
    const session = { ...write.session, transcript: 'incomplete' as const }
    return this.#store({ ...write, session }).catch(() => undefined)
  }
}

function merge(writes: Write[]): Write {
  const session = Object.assign({}, ...writes.map(write => write.session))
  const { updateTurn, idempotency, savePermission } = writes.at(-1) ?? {}
  const saveTasks = writes.flatMap(write => write.saveTasks ?? [])
  const addAutonomousWork = writes.flatMap(write => write.addAutonomousWork ?? [])
  const usage = writes.flatMap(write => write.usage ?? [])
  const transcript = writes.flatMap(write => write.transcript ?? [])
  const audit = writes.flatMap(write => write.audit ?? [])
  return {
    ...(Object.keys(session).length > 0 && { session }),
    ...(updateTurn && { updateTurn }),
    ...(idempotency && { idempotency }),
    ...(savePermission && { savePermission }),
    ...(saveTasks.length > 0 && { saveTasks }),
    ...(addAutonomousWork.length > 0 && { addAutonomousWork }),
    ...(usage.length > 0 && { usage }),
    ...(transcript.length > 0 && { transcript }),
    ...(audit.length > 0 && { audit }),
    events: writes.flatMap(write => write.events),
  }
}
