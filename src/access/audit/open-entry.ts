import type { AuditClaim, AuditFacts, AuditRecord, ClaimableEntry } from '../../sessions/ports/audit.ts'

export interface OpenEntryParts {
  /** The entry without what is not known before it is stored. */
  facts: Omit<AuditRecord, 'id' | 'at'>
  /** Gives the entry its place in the log. */
  nextPlace(): Pick<AuditRecord, 'id' | 'at'>
  /** Called when the entry is stored, and when a transaction that had taken it has failed. */
  onSettled(record: AuditRecord, isStored: boolean): void
}

/** The entry of one request. The transaction that takes it stores it; otherwise it is stored on its own. */
export class OpenEntry implements ClaimableEntry {
  readonly #parts: OpenEntryParts
  #record: AuditRecord | undefined
  #state: 'open' | 'taken' | 'stored' | 'abandoned' = 'open'
  #settled: PromiseWithResolvers<void> | undefined

  constructor(parts: OpenEntryParts) {
    this.#parts = parts
  }

  get isStored(): boolean {
    return this.#state === 'stored'
  }

  claim(): AuditClaim | undefined {
    if (this.#state !== 'open') return undefined
    this.#state = 'taken'
    this.#record ??= { ...this.#parts.facts, ...this.#parts.nextPlace() }
    const record = this.#record
    this.#settled = Promise.withResolvers()
    return {
      record,
      complete: facts => completeRecord(record, facts),
      settle: isStored => this.#settle(record, isStored),
    }
  }

  /** Adds what has turned out since; without effect once a transaction has taken the entry. */
  complete(facts: AuditFacts): void {
    if (this.#state === 'open') completeRecord(this.#parts.facts, facts)
  }

  /** Resolves when the transaction that has taken the entry is over; returns whether the entry is stored. */
  async whenSettled(): Promise<boolean> {
    await this.#settled?.promise
    return this.isStored
  }

  /** The request was refused: no transaction that it has set off may take the entry any more. */
  abandon(): void {
    if (this.#state === 'open') this.#state = 'abandoned'
  }

  #settle(record: AuditRecord, isStored: boolean): void {
    this.#state = isStored ? 'stored' : 'open'
    this.#settled?.resolve()
    this.#parts.onSettled(record, isStored)
  }
}

function completeRecord(
  record: Pick<AuditRecord, 'tenantId' | 'sessionId' | 'turnId' | 'details'>,
  { tenantId, sessionId, turnId, details }: AuditFacts,
): void {
  // A fork is a request about one session that makes another.
  if (record.sessionId !== null && sessionId !== undefined && sessionId !== record.sessionId)
    record.details = { ...record.details, newSessionId: sessionId }
  if (tenantId !== undefined) record.tenantId = tenantId
  record.sessionId ??= sessionId ?? null
  record.turnId ??= turnId ?? null
  if (details) record.details = { ...record.details, ...details }
}
