import type { OperationInput } from '../../contract/operations.ts'
import { firstIdAt, TimeOrderedIds } from '../../lib/time-ordered-id.ts'
import type { AuditPage, AuditQuery, AuditRecord, AuditStore } from '../../sessions/ports/audit.ts'
import { type Caller, listedTenant } from '../../sessions/records.ts'
import { AuditRetention } from './audit-retention.ts'
import { OpenEntry } from './open-entry.ts'
import { type Refusal, Refusals } from './refusals.ts'

/** How long refusals of one kind are counted before their number becomes an entry. */
const periodMs = 60_000

export interface AuditTrailParts {
  store: AuditStore
  /** Undefined: entries are kept forever. */
  retentionMs: number | undefined
  faults: { error(fields: object, message: string): void }
  /** Called for each entry that is stored, without texts that do not belong into logs. */
  onAudit?: (record: AuditRecord) => void
  /** Whether this node removes old entries, of all that share the store; left out: always. */
  isFirst?: (() => boolean) | undefined
}

/** Writes and reads the audit log: who did what, when and from where. */
export class AuditTrail {
  readonly #store: AuditStore
  readonly #parts: AuditTrailParts
  readonly #ids = new TimeOrderedIds()
  readonly #refusals = new Refusals()
  readonly #retention: AuditRetention
  /** Ids of entries that are being stored, oldest first. */
  readonly #underway = new Set<string>()
  readonly #writing = new Set<Promise<unknown>>()
  #timer: NodeJS.Timeout | undefined
  #isClosed = false

  constructor(parts: AuditTrailParts) {
    this.#store = parts.store
    this.#parts = parts
    const onFault = (error: unknown) => parts.faults.error({ err: error }, 'audit retention failed')
    this.#retention = new AuditRetention(this.#store, parts.retentionMs, onFault, parts.isFirst)
  }

  open(): void {
    this.#retention.start()
  }

  /** Begins the entry of a request. */
  begin(facts: Omit<AuditRecord, 'id' | 'at' | 'count'>): OpenEntry {
    return new OpenEntry({
      facts: { ...facts, count: 1 },
      nextPlace: () => this.#nextPlace(),
      onSettled: (record, isStored) => this.#onSettled(record, isStored),
    })
  }

  /**
   * Stores the entry, if no transaction has done so.
   *
   * @throws when it cannot be stored: then the request must not be answered as if nothing had happened
   */
  async finish(entry: OpenEntry): Promise<void> {
    if (await entry.whenSettled()) return
    const claim = entry.claim()
    if (!claim) return
    let isStored = false
    try {
      await this.#store.appendAudit([claim.record])
      isStored = true
    } finally {
      claim.settle(isStored)
    }
  }

  /** Notes a refused request. Never rejects: the caller gets the refusal in any case. */
  async refuse(refusal: Refusal): Promise<void> {
    const first = this.#refusals.add(refusal)
    if (!this.#isClosed) this.#timer ??= setInterval(() => this.#endPeriod(), periodMs).unref()
    if (first) await this.#append([{ ...first, count: 1 }])
  }

  /** Newest or oldest entries first; only those of the caller's tenant, unless the caller administers the server. */
  async list(
    caller: Caller,
    query: OperationInput<'listAudit'>['query'],
    after?: string,
  ): Promise<AuditPage> {
    const { tenant, from, to, order, action, outcome, keyId, sessionId, limit } = query
    // Entries that are being stored must not appear behind the end of a page.
    const [oldestUnderway] = this.#underway
    const end = to === undefined ? undefined : firstIdAt(Date.parse(to))
    const given: AuditQuery = {
      tenantId: listedTenant(caller, tenant),
      fromId: from === undefined ? undefined : firstIdAt(Date.parse(from)),
      toId: [end, oldestUnderway].filter(id => id !== undefined).sort()[0],
      ...{ order, after, action, outcome, keyId, sessionId, limit },
    }
    return this.#store.listAudit(given)
  }

  /** Stores what has been counted. Idempotent. */
  async close(): Promise<void> {
    this.#isClosed = true
    clearInterval(this.#timer)
    await this.#retention.close()
    this.#endPeriod()
    await Promise.all(this.#writing)
  }

  #endPeriod(): void {
    if (this.#refusals.isEmpty) return
    const counted = this.#refusals.end()
    if (counted.length > 0) void this.#append(counted)
  }

  async #append(entries: readonly Omit<AuditRecord, 'id' | 'at'>[]): Promise<void> {
    const records = entries.map(entry => ({ ...entry, ...this.#nextPlace() }))
    let isStored = false
    const writing = this.#store.appendAudit(records).then(
      () => {
        isStored = true
      },
      error => this.#parts.faults.error({ err: error, entries: records.length }, 'audit write failed'),
    )
    this.#writing.add(writing)
    await writing
    this.#writing.delete(writing)
    for (const record of records) this.#onSettled(record, isStored)
  }

  #nextPlace(): Pick<AuditRecord, 'id' | 'at'> {
    const place = this.#ids.create()
    this.#underway.add(place.id)
    return place
  }

  #onSettled(record: AuditRecord, isStored: boolean): void {
    this.#underway.delete(record.id)
    if (isStored) this.#parts.onAudit?.(toLoggable(record))
  }
}

/** Leaves out prompts, and names of what a refused request asked for, which need not exist. */
function toLoggable(record: AuditRecord): AuditRecord {
  if (record.outcome !== 'done') return { ...record, details: {} }
  const { prompt: _, ...details } = record.details
  return { ...record, details }
}
