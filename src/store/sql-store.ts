import type { MessageQuery, Store } from '../sessions/ports/index.ts'
import { createAttachments } from './attachments.ts'
import { copyPast, createBranches } from './branches.ts'
import { prepareChange, prepareSession } from './change-writer.ts'
import { selectEvents, selectMessageNumber, selectMessages, selectMessagesText } from './event-queries.ts'
import { createFileHistory } from './file-history.ts'
import { createGroupCommit } from './group-commit.ts'
import { createIdempotency, writeIdempotencyKey } from './idempotency.ts'
import type { Connection } from './node-sqlite.ts'
import { createPermissions } from './permissions.ts'
import { createProcessLedger } from './process-ledger.ts'
import {
  countWithin,
  selectEventSizes,
  selectTrimmable,
  selectTrimmedThrough,
  trimOldest,
} from './retention-queries.ts'
import { toEventRecord, toSessionRecord, toTurnRecord } from './rows.ts'
import { readSessionPage } from './session-pages.ts'
import {
  countActiveSessions,
  countAllSessions,
  countSessionsOf,
  selectExpiredSessions,
  selectNextExpiry,
  selectSession,
} from './session-queries.ts'
import { createSpendingReader } from './spending-queries.ts'
import { createTasks } from './tasks.ts'
import { createTranscripts } from './transcripts.ts'
import { selectTurn, selectTurns, selectUnfinishedTurns } from './turn-queries.ts'
import { createUsageReader } from './usage-queries.ts'

/** For so long after a failed write the store counts as one that cannot be written, in milliseconds. */
const recentMs = 5_000
const fillerBytes = 64 * 1024

/**
 * The store's operations on an open, migrated connection. `onClose` is called once, after what was handed in
 * is written, and lets go of the connection.
 *
 * A read runs all its queries in one go, between two transactions, so that a page and its total agree.
 */
export function createSqlStore(connection: Connection, onClose: () => void): Store {
  const { db } = connection
  const writer = createGroupCommit(connection)
  let closed: Promise<void> | undefined

  function ensureOpen(): void {
    if (closed) throw new Error('The store is closed')
  }

  function countMessagesUpTo(tenantId: string, sessionId: string, sequence: number): number {
    return connection.first(selectMessageNumber(db, tenantId, sessionId, sequence))?.message_number ?? 0
  }

  /** The place of a page among the session's messages; undefined: there is no such session. */
  function findPage(tenantId: string, sessionId: string, query: MessageQuery) {
    const { limit, offset, after, countsAll = false } = query
    const session = connection.first(selectSession(db, tenantId, sessionId))
    if (!session) return undefined
    const trimmed = session.trimmed_messages
    const before = after === undefined ? 0 : countMessagesUpTo(tenantId, sessionId, after)
    const skipped = Math.max(0, before - trimmed)
    return {
      page: { limit, offset: trimmed + skipped + offset },
      total: session.message_count - (countsAll ? 0 : skipped),
      lastNumber: trimmed + session.message_count,
    }
  }

  async function closeOnce(): Promise<void> {
    // Only its place in the row matters: a disk that is full must not keep the file from being let go.
    await writer.write(() => undefined).catch(() => undefined)
    onClose()
  }

  return {
    branches: createBranches(connection, ensureOpen),
    transcripts: createTranscripts(connection, writer, ensureOpen),
    processes: createProcessLedger(connection, writer, ensureOpen),
    idempotency: createIdempotency(connection, writer, ensureOpen),
    permissions: createPermissions(connection, ensureOpen),
    tasks: createTasks(connection, writer, ensureOpen),
    fileHistory: createFileHistory(connection, writer, ensureOpen),
    attachments: createAttachments(connection, writer, ensureOpen),
    usage: createUsageReader(connection, ensureOpen),
    spending: createSpendingReader(connection, ensureOpen),

    async commit(change) {
      ensureOpen()
      const prepared = prepareChange(change)
      const { idempotency, at } = change
      return writer.write(() => {
        const events = prepared(connection)
        if (idempotency) writeIdempotencyKey(connection, idempotency, at)
        return events
      })
    },

    async createSession(session, events, limit, idempotency, past) {
      ensureOpen()
      const prepared = prepareSession(session, events)
      const owner = { tenantId: session.tenantId, sessionId: session.id }
      return writer.write(() => {
        const active = connection.first(countActiveSessions(db))?.count ?? 0
        if (active >= limit) return { created: false, active }
        const stored = prepared(connection)
        if (past) copyPast(connection, owner, past)
        if (idempotency) writeIdempotencyKey(connection, idempotency, session.createdAt)
        return { created: true, events: stored }
      })
    },

    async findSession(tenantId, sessionId) {
      ensureOpen()
      const row = connection.first(selectSession(db, tenantId, sessionId))
      return row && toSessionRecord(row)
    },

    async listSessions(tenantId, query) {
      ensureOpen()
      const { asOf, page } = readSessionPage(connection, tenantId, query)
      const total = connection.first(countSessionsOf(db, tenantId, query.status))?.count ?? 0
      return {
        sessions: page.map(({ session }) => session),
        activeAt: page.map(({ activeAt }) => activeAt),
        asOf,
        total,
      }
    },

    async countSessions() {
      ensureOpen()
      return {
        active: connection.first(countActiveSessions(db))?.count ?? 0,
        total: connection.first(countAllSessions(db))?.count ?? 0,
      }
    },

    async listExpiredSessions(now, limit) {
      ensureOpen()
      return connection.all(selectExpiredSessions(db, now, limit)).map(toSessionRecord)
    },

    async findNextExpiry() {
      ensureOpen()
      return connection.first(selectNextExpiry(db))?.expires_at
    },

    async findTurn(tenantId, sessionId, turnId) {
      ensureOpen()
      const row = connection.first(selectTurn(db, tenantId, sessionId, turnId))
      return row && toTurnRecord(row)
    },

    async listTurns(tenantId, sessionId, page) {
      ensureOpen()
      const rows = connection.all(selectTurns(db, tenantId, sessionId, page))
      const session = connection.first(selectSession(db, tenantId, sessionId))
      return { turns: rows.map(toTurnRecord), total: session?.turn_count ?? 0 }
    },

    async listUnfinishedTurns() {
      ensureOpen()
      return connection.all(selectUnfinishedTurns(db)).map(toTurnRecord)
    },

    async listEvents(tenantId, query) {
      ensureOpen()
      return connection.all(selectEvents(db, tenantId, query)).map(toEventRecord)
    },

    async readLog(tenantId, { maxBytes, ...query }) {
      ensureOpen()
      const session = connection.first(selectTrimmedThrough(db, tenantId, query.sessionId))
      const sizes = connection.all(selectEventSizes(db, tenantId, query))
      const page = { ...query, limit: countWithin(sizes, maxBytes) }
      const rows = page.limit > 0 ? connection.all(selectEvents(db, tenantId, page)) : []
      return { events: rows.map(toEventRecord), trimmedThrough: session?.trimmed_through ?? 0 }
    },

    async trimEvents(endedBefore, limit) {
      ensureOpen()
      // Most looks find nothing, and cost no transaction.
      if (!connection.first(selectTrimmable(db, endedBefore))) return false
      return writer.write(() => trimOldest(connection, endedBefore, limit))
    },

    async listMessages(tenantId, sessionId, query) {
      ensureOpen()
      const found = findPage(tenantId, sessionId, query)
      if (!found) return { messages: [], total: 0 }
      const rows = connection.all(selectMessages(db, tenantId, sessionId, found.page))
      return { messages: rows.map(toEventRecord), total: found.total }
    },

    async readMessages(tenantId, sessionId, query) {
      ensureOpen()
      const found = findPage(tenantId, sessionId, query)
      if (!found) return { json: Buffer.alloc(0), lastSequence: undefined, hasMore: false, total: 0 }
      const row = connection.first(selectMessagesText(db, tenantId, sessionId, found.page))
      if (!row || row.texts < row.count) return undefined
      const { text, last_sequence, last_number } = row
      return {
        json: text ? Buffer.from(text.buffer, text.byteOffset, text.byteLength) : Buffer.alloc(0),
        lastSequence: last_sequence ?? undefined,
        hasMore: last_number !== null && last_number < found.lastNumber,
        total: found.total,
      }
    },

    async check() {
      ensureOpen()
      const { failedAt } = writer
      if (failedAt !== undefined && performance.now() - failedAt < recentMs) {
        throw new Error('the last write to the store failed')
      }
      // A row of its own always finds room; what failed before may have been larger.
      if (failedAt !== undefined) await writer.probe(() => writeFiller(connection))
      await writer.probe(() => {
        const row = { id: 1, checked_at: Date.now() }
        connection.run(
          db
            .insertInto('store_checks')
            .values(row)
            .onConflict(conflict => conflict.column('id').doUpdateSet(row)),
        )
        connection.execute('delete from store_checks where id = 2')
      })
    },

    close() {
      closed ??= closeOnce()
      return closed
    },
  }
}

/** To be removed in another transaction: what one transaction both writes and removes may never reach the disk. */
function writeFiller(connection: Connection): void {
  connection.execute(
    `insert or replace into store_checks (id, checked_at) values (2, zeroblob(${fillerBytes}))`,
  )
}
