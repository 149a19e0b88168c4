import { AsyncLocalStorage } from 'node:async_hooks'
import type { AuditAction, AuditOutcome } from '../../contract/audit.ts'
import type { ErrorCode } from '../../contract/errors.ts'

/** An entry of the audit log. */
export interface AuditRecord {
  /** Grows with time. */
  id: string
  at: number
  /** null: none, as for keys that are not valid. */
  tenantId: string | null
  keyId: string | null
  name: string | null
  action: AuditAction
  outcome: AuditOutcome
  errorCode: ErrorCode | null
  sessionId: string | null
  turnId: string | null
  address: string | null
  requestId: string | null
  /** How many requests it stands for. */
  count: number
  details: Record<string, unknown>
}

export interface AuditQuery {
  /** Undefined: all tenants, and entries without one. */
  tenantId: string | undefined
  order: 'newest' | 'oldest'
  /** The id at which the previous page ended; undefined: the first page. */
  after: string | undefined
  /** Bounds of ids: `fromId` is included, `toId` is not. */
  fromId: string | undefined
  toId: string | undefined
  sessionId: string | undefined
  keyId: string | undefined
  action: AuditAction | undefined
  outcome: AuditOutcome | undefined
  limit: number
}

export interface AuditPage {
  entries: AuditRecord[]
  /** The id at which the search ended; undefined: nothing was found. */
  lastId: string | undefined
  hasMore: boolean
}

/** The audit log. Entries are added, and removed when they are old; nothing changes them. */
export interface AuditStore {
  /** Entries that are there already are left as they are. */
  appendAudit(records: readonly AuditRecord[]): Promise<void>
  /** Searches a limited part of the log, so that no query is slow. */
  listAudit(query: AuditQuery): Promise<AuditPage>
  /** @returns how many were removed, at most `limit` */
  trimAudit(beforeId: string, limit: number): Promise<number>
}

/** Facts about a request that only the change knows. */
export interface AuditFacts {
  /** Where that is another one than the caller's. */
  tenantId?: string
  sessionId?: string
  turnId?: string
  details?: Record<string, unknown>
}

/** An entry that a transaction has to store with its change. */
export interface AuditClaim {
  readonly record: AuditRecord
  complete(facts: AuditFacts): void
  /** Must be called when the transaction is over. */
  settle(isStored: boolean): void
}

/** The entry of a request, until a transaction takes it. */
export interface ClaimableEntry {
  claim(): AuditClaim | undefined
}

const currentRequest = new AsyncLocalStorage<ClaimableEntry>()

/** Runs work whose first transaction stores the entry. */
export function withAuditEntry<T>(entry: ClaimableEntry, work: () => T): T {
  return currentRequest.run(entry, work)
}

/** Runs work of the server itself, which a request has only set off: it stores no entry of the request. */
export function withoutAuditEntry<T>(work: () => T): T {
  return currentRequest.exit(work)
}

/** The entry of the request that this code runs for, if it is not stored yet; the caller has to store it. */
export function claimAuditEntry(): AuditClaim | undefined {
  return currentRequest.getStore()?.claim()
}
