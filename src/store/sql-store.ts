import type { MessageQuery, Store } from '../sessions/ports/index.ts'
import type { EventRecord, LoggedEvent, NewEvent } from '../sessions/records.ts'
import { createAttachments } from './attachments.ts'
import { createAudit } from './audit.ts'
import { withAudit } from './audited-database.ts'
import { createBranches } from './branches.ts'
import { createClaims } from './claims.ts'
import { createConsoleLogins } from './console-logins.ts'
import { all, type Body, type Database, first } from './database.ts'
import {
  scopeOf,
  selectEventSizes,
  selectEvents,
  selectMessageNumber,
  selectMessages,
  selectMessagesText,
} from './event-queries.ts'
import { toEventRecord } from './event-record.ts'
import { createFeed } from './feed.ts'
import { createFileHistory } from './file-history.ts'
import { createFingerprints } from './fingerprints.ts'
import { createIdempotency } from './idempotency.ts'
import { createKeys } from './keys.ts'
import { createLeftovers } from './leftovers.ts'
import { createNodes } from './nodes.ts'
import { createPermissions } from './permissions.ts'
import { createPresets } from './presets.ts'
import { createProcessLedger } from './process-ledger.ts'
import { createPush } from './push.ts'
import { createRateWindows } from './rate-windows.ts'
import { turnColumns } from './records.ts'
import { countWithin, hasTrimmable, selectTrimmedThrough, trimOldest } from './retention-queries.ts'
import { createRevisions } from './revisions.ts'
import { createRunningPlaces } from './running-places.ts'
import { createSearch } from './search.ts'
import { readDigests } from './session-digests.ts'
import { countSessionsOf } from './session-list-queries.ts'
import { readSessionPage, toSessionRecord } from './session-pages.ts'
import {
  countActiveSessions,
  countAllSessions,
  selectExpiredSessions,
  selectNextExpiry,
  selectSession,
  selectTenant,
} from './session-queries.ts'
import { createRetention } from './session-removal.ts'
import { createStates } from './session-states.ts'
import { createSpendingReader } from './spending-queries.ts'
import { createTasks } from './tasks.ts'
import { createTickets } from './tickets.ts'
import { createTranscripts } from './transcripts.ts'
import { selectTurn, selectTurns } from './turn-queries.ts'
import { createUsageLedger } from './usage-ledger.ts'
import { createUsageReader } from './usage-queries.ts'
import { createWebhooks } from './webhooks.ts'
import { toFirstWrite, toWrite, type Written } from './write.ts'

/** The store's operations on a migrated database. */
export function createSqlStore(bare: Database): Store {
  const database = withAudit(bare)
  return {
    branches: createBranches(database),
    transcripts: createTranscripts(database),
    processes: createProcessLedger(database),
    idempotency: createIdempotency(database),
    permissions: createPermissions(database),
    tasks: createTasks(database),
    fileHistory: createFileHistory(database),
    attachments: createAttachments(database),
    search: createSearch(database),
    usage: createUsageReader(database),
    spending: createSpendingReader(database),
    ledger: createUsageLedger(database),
    webhooks: createWebhooks(database),
    push: createPush(database),
    keys: createKeys(database),
    presets: createPresets(database),
    logins: createConsoleLogins(database),
    audit: createAudit(bare),
    retention: createRetention(database),
    feed: createFeed(database),
    leftovers: createLeftovers(database),
    claims: createClaims(database),
    nodes: createNodes(database),
    limits: { windows: createRateWindows(database), places: createRunningPlaces(database) },
    revisions: createRevisions(database),
    tickets: createTickets(database),
    fingerprints: createFingerprints(database),
    states: createStates(database),

    async commit(change) {
      const write = toWrite(change)
      const events = toRecords(change)
      return numbered(events, await database.write(write))
    },

    async createSession(session, newEvents, limit, idempotency, past, deliveries, placement) {
      const write = toFirstWrite(session, newEvents, limit, idempotency, past, deliveries, placement)
      const events = toRecords({ sessionId: session.id, at: session.createdAt, events: newEvents })
      const written = await database.write(write)
      if (written.full) return { created: false, ...written.full }
      return { created: true, events: numbered(events, written) }
    },

    async findSession(tenantId, sessionId) {
      const row = await database.first(selectSession({ tenantId, sessionId }))
      return row && toSessionRecord(row)
    },

    async findTenant(sessionId) {
      return (await database.first(selectTenant({ sessionId })))?.tenant_id
    },

    listSessions(tenantId, query) {
      return database.read(function* () {
        const { asOf, page } = yield* readSessionPage(tenantId, query)
        const total = (yield* first(countSessionsOf(tenantId, query)))?.count ?? 0
        return {
          sessions: page.map(({ session }) => session),
          activeAt: page.map(({ activeAt }) => activeAt),
          asOf,
          total,
        }
      })
    },

    readDigests: ids => readDigests(database, ids),

    countSessions() {
      return database.read(function* () {
        const active = (yield* first(countActiveSessions({})))?.count ?? 0
        return { active, total: (yield* first(countAllSessions({})))?.count ?? 0 }
      })
    },

    async listExpiredSessions(now, limit) {
      return (await database.all(selectExpiredSessions({ now, limit }))).map(toSessionRecord)
    },

    async findNextExpiry() {
      return (await database.first(selectNextExpiry({})))?.expires_at
    },

    async findTurn(tenantId, sessionId, turnId) {
      const row = await database.first(selectTurn({ tenantId, sessionId, turnId }))
      return row && turnColumns.toRecord(row)
    },

    listTurns(tenantId, sessionId, { limit, offset }) {
      return database.read(function* () {
        const rows = yield* all(selectTurns({ tenantId, sessionId, limit, offset }))
        const session = yield* first(selectSession({ tenantId, sessionId }))
        return { turns: rows.map(turnColumns.toRecord), total: session?.turn_count ?? 0 }
      })
    },

    async listEvents(tenantId, query) {
      const rows = await database.all(selectEvents(scopeOf(query), { ...query, tenantId }))
      return rows.map(toEventRecord)
    },

    readLog(tenantId, { maxBytes, ...query }) {
      const { sessionId } = query
      const range = { ...query, tenantId }
      return database.read(function* () {
        const session = yield* first(selectTrimmedThrough({ tenantId, sessionId }))
        const sizes = yield* all(selectEventSizes(scopeOf(range), range))
        const limit = countWithin(sizes, maxBytes)
        const rows = limit > 0 ? yield* all(selectEvents(scopeOf(range), { ...range, limit })) : []
        return {
          events: rows.map(toEventRecord),
          trimmedThrough: session?.trimmed_through ?? 0,
          ...(!session && { isGone: true }),
        }
      }, 'stream')
    },

    async trimEvents(endedBefore, limit) {
      // Most looks find nothing, and cost no transaction.
      if (!(await database.first(hasTrimmable({ endedBefore })))) return false
      return database.transaction(() => trimOldest(endedBefore, limit))
    },

    listMessages(tenantId, sessionId, query) {
      return database.read(function* () {
        const found = yield* findPage(tenantId, sessionId, query)
        if (!found) return { messages: [], total: 0 }
        const rows = yield* all(selectMessages(found.page))
        return { messages: rows.map(toEventRecord), total: found.total }
      })
    },

    readMessages(tenantId, sessionId, query) {
      return database.read(function* () {
        const found = yield* findPage(tenantId, sessionId, query)
        if (!found) return { json: Buffer.alloc(0), lastSequence: undefined, hasMore: false, total: 0 }
        const row = yield* first(selectMessagesText(found.page))
        if (!row || row.texts < row.count) return undefined
        const { text, last_sequence, last_number } = row
        return {
          json: text ? Buffer.from(text.buffer, text.byteOffset, text.byteLength) : Buffer.alloc(0),
          lastSequence: last_sequence ?? undefined,
          hasMore: last_number !== null && last_number < found.lastNumber,
          total: found.total,
        }
      })
    },

    check: () => database.check(),
    close: () => database.close(),
  }
}

function* countMessagesUpTo(tenantId: string, sessionId: string, sequence: number): Body<number> {
  return (yield* first(selectMessageNumber({ tenantId, sessionId, sequence })))?.message_number ?? 0
}

/** The place of a page among the session's messages; undefined: there is no such session. */
function* findPage(tenantId: string, sessionId: string, query: MessageQuery) {
  const { limit, offset, after, countsAll = false } = query
  const session = yield* first(selectSession({ tenantId, sessionId }))
  if (!session) return undefined
  const trimmed = session.trimmed_messages
  const before = after === undefined ? 0 : yield* countMessagesUpTo(tenantId, sessionId, after)
  const skipped = Math.max(0, before - trimmed)
  return {
    page: { tenantId, sessionId, limit, offset: trimmed + skipped + offset },
    total: session.message_count - (countsAll ? 0 : skipped),
    lastNumber: trimmed + session.message_count,
  }
}

type Unnumbered = NewEvent & { sessionId: string; at: number }

/** Events without their place in the log, taken down as they are handed in. */
function toRecords(change: { sessionId: string; at: number; events: LoggedEvent[] }): Unnumbered[] {
  const { sessionId, at } = change
  return change.events.map(({ summary: _, repeats: __, ...event }) => ({ ...event, sessionId, at }))
}

function numbered(events: Unnumbered[], { lastSequence, lastPosition }: Written): EventRecord[] {
  const before = events.length - 1
  return events.map((event, index) => ({
    ...event,
    sequence: lastSequence - before + index,
    position: lastPosition - before + index,
  }))
}
