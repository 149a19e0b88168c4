import { afterAll, beforeAll, expect, it } from 'vitest'
import {
  selectAttachment,
  selectAttachments,
  selectNeed,
  selectPiece,
  sumSizes,
} from '../../src/store/attachments.ts'
import { deleteBefore, selectEntries } from '../../src/store/audit.ts'
import { selectLosses, selectPrompts } from '../../src/store/branches.ts'
import {
  selectEvents,
  selectMessageNumber,
  selectMessages,
  selectMessagesText,
} from '../../src/store/event-queries.ts'
import { scanFeed, selectFeed } from '../../src/store/feed.ts'
import {
  countSessionsIn,
  selectCheckpoints,
  selectFileHistories,
  selectSnapshot,
} from '../../src/store/file-history.ts'
import { deleteExpiredIdempotencyKeys, selectIdempotencyKey } from '../../src/store/idempotency.ts'
import {
  selectIncomplete,
  selectRunningTasks,
  selectSessionsLeft,
  selectUndelivered,
  selectUnfinishedTurns,
  selectPending as selectWaiting,
} from '../../src/store/leftovers.ts'
import { migrate } from '../../src/store/migrate.ts'
import { deleteUnusedTemplates } from '../../src/store/payload-templates.ts'
import { selectPermissions } from '../../src/store/permissions.ts'
import { fill, type Query } from '../../src/store/query.ts'
import { selectFound, selectMatches, selectTexts } from '../../src/store/search.ts'
import { selectDigests } from '../../src/store/session-digests.ts'
import {
  countSessionsOf,
  selectNewestActivity,
  selectSessions,
  selectUsedSessions,
  toIdList,
} from '../../src/store/session-list-queries.ts'
import {
  countActiveSessions,
  countAllSessions,
  selectExpiredSessions,
  selectNextExpiry,
  selectSession,
} from '../../src/store/session-queries.ts'
import { selectSpending } from '../../src/store/spending-queries.ts'
import { openConnection, sqlite } from '../../src/store/sqlite/connection.ts'
import { selectTasks } from '../../src/store/tasks.ts'
import { selectTurn, selectTurns } from '../../src/store/turn-queries.ts'
import { selectGroups, selectSpent } from '../../src/store/usage-ledger.ts'
import { sumAutonomousWork, sumModels, sumTurns } from '../../src/store/usage-queries.ts'
import { deleteOver, selectDeliveries, selectDue, selectPending } from '../../src/store/webhooks.ts'

const connection = openConnection(':memory:')
beforeAll(() => migrate(connection.db, ':memory:'))
afterAll(() => connection.close())

const of = { tenantId: 't', sessionId: 's' }
const after = { lastActivityAt: 1, id: 's' }
const page = { limit: 10, offset: 50_000 }
const position = { at: 1, id: 'p' }
const deliveries = { webhookId: 'w', status: 'all' as const, limit: 10, offset: 0 }
const feed = { tenantId: 't', sessionId: 's', after: 1, limit: 10 }
const entries = {
  ...{ tenantId: undefined, after: undefined, fromId: undefined, toId: undefined, sessionId: undefined },
  ...{ keyId: undefined, action: undefined, outcome: undefined, order: 'newest' as const, limit: 10 },
}
const report = {
  tenantId: 't',
  keyId: undefined,
  from: '2026-01-01',
  to: '2026-01-31',
  limit: 10,
  after: undefined,
}
const found = {
  ...{ terms: [{ words: ['a'], isPrefix: true }], tenantId: undefined, sessionId: undefined },
  ...{ before: undefined, limit: 10 },
}
const queries: Record<string, [query: Query<unknown>, index: RegExp]> = {
  'selectDeliveries, next page': [
    selectDeliveries('t', { ...deliveries, position }),
    /webhook_deliveries_list \(webhook_id=\? AND \(created_at,id\)<\(\?,\?\)\)/,
  ],
  'selectDeliveries of a status': [
    selectDeliveries('t', { ...deliveries, status: 'failed' }),
    /webhook_deliveries_status \(webhook_id=\? AND status=\?\)/,
  ],
  'scanFeed of all tenants': [
    scanFeed('all', { ...feed }),
    /^SEARCH events USING COVERING INDEX events_feed \(position>\?\)$/,
  ],
  'scanFeed of a tenant': [
    scanFeed('tenant', { ...feed }),
    /^SEARCH events USING COVERING INDEX events_feed_tenant \(tenant_id=\? AND position>\?\)$/,
  ],
  'scanFeed of a session': [
    scanFeed('session', { ...feed }),
    /^SEARCH events USING INDEX sqlite_autoindex_events_1 \(session_id=\?\)$/,
  ],
  'selectFeed of a tenant': [
    selectFeed('tenant', { ...feed, until: 9, types: ',message,' }),
    /^SEARCH events USING INDEX events_feed_tenant \(tenant_id=\? AND position>\? AND position<\?\)/,
  ],
  selectPending: [
    selectPending({ webhookId: 'w', limit: 8 }),
    /^SEARCH webhook_deliveries USING INDEX webhook_deliveries_pending \(webhook_id=\?\)/,
  ],
  selectDue: [
    selectDue({ now: 1 }),
    /^SCAN webhook_deliveries USING COVERING INDEX webhook_deliveries_pending$/,
  ],
  deleteOver: [deleteOver({ createdBefore: 1, limit: 10 }), /webhook_deliveries_over \(created_at<\?\)/],
  'audit log of a tenant, next page': [
    selectEntries({ ...entries, tenantId: 't', after: 'a', fromId: 'b' }),
    /audit_log_tenant \(tenant_id=\? AND id>\? AND id<\?\)/,
  ],
  'audit log of a session': [
    selectEntries({ ...entries, sessionId: 's' }),
    /audit_log_session \(session_id=\?\)/,
  ],
  'audit log, filtered': [
    selectEntries({ ...entries, tenantId: 't', action: 'file.read', outcome: 'done', keyId: 'k' }),
    /audit_log_tenant \(tenant_id=\?\)/,
  ],
  deleteBefore: [deleteBefore({ beforeId: 'a', limit: 10 }), /audit_log_1 \(id<\?\)/],
  // No sorting: a page ends with its last row.
  'selectGroups by day': [
    selectGroups({ ...report, groupBy: ['day'] }),
    /^SEARCH usage_days USING INDEX \w+ \(tenant_id=\? AND created_by=\? AND day>\? AND day<\?\)$/,
  ],
  'selectGroups by session': [
    selectGroups({ ...report, groupBy: ['session'] }),
    /^SEARCH usage_sessions USING INDEX usage_sessions_tenant \(tenant_id=\?\)$/,
  ],
  'selectGroups by session, next page': [
    selectGroups({ ...report, groupBy: ['session'], after: ['s'] }),
    /^SEARCH usage_sessions USING INDEX usage_sessions_tenant \(tenant_id=\? AND session_id>\?\)$/,
  ],
  'selectGroups by session of all tenants': [
    selectGroups({ ...report, tenantId: undefined, groupBy: ['tenant', 'session'] }),
    /^SCAN usage_sessions USING INDEX usage_sessions_tenant$/,
  ],
  selectSpent: [
    selectSpent({ tenantId: 't', keyId: 'k', day: '2026-01-31', month: '2026-01-01' }),
    /^SEARCH usage_days USING INDEX \w+ \(tenant_id=\? AND created_by=\? AND day>\? AND day<\?\)/,
  ],
  selectSession: [selectSession(of), /^SEARCH sessions USING INDEX \w+ \(id=\?\)/],
  'selectSessions of a status': [
    selectSessions('t', { status: 'active', limit: 10, asOf: 9, after: null }),
    /sessions_status_activity \(tenant_id=\? AND status=\? AND \(last_activity_at,id\)<\(\?,\?\)\)/,
  ],
  selectNewestActivity: [
    selectNewestActivity('t', { status: 'active' }),
    /COVERING INDEX sessions_status_activity \(tenant_id=\? AND status=\?\)/,
  ],
  selectUsedSessions: [
    selectUsedSessions('t', { status: 'active', limit: 10, asOf: 9, after }),
    /^SEARCH sessions USING INDEX sessions_status_activity \(tenant_id=\? AND status=\? AND last_activity_at>\?\)/,
  ],
  'selectSessions of a status, next page': [
    selectSessions('t', { status: 'active', limit: 10, asOf: 9, after }),
    /sessions_status_activity \(tenant_id=\? AND status=\? AND \(last_activity_at,id\)<\(\?,\?\)\)/,
  ],
  'selectSessions of all, next page': [
    selectSessions('t', { status: 'all', limit: 10, asOf: 9, after }),
    /sessions_activity \(tenant_id=\? AND \(last_activity_at,id\)<\(\?,\?\)\)/,
  ],
  countSessionsOf: [
    countSessionsOf('t', { status: 'ended' }),
    /COVERING INDEX sessions_status_activity \(tenant_id=\? AND status=\?\)/,
  ],
  'selectSessions without archived ones': [
    selectSessions('t', { status: 'active', archived: false, limit: 10, asOf: 9, after }),
    /sessions_status_activity \(tenant_id=\? AND status=\? AND \(last_activity_at,id\)<\(\?,\?\)\)/,
  ],
  'countSessionsOf without archived ones': [
    countSessionsOf('t', { status: 'active', archived: false }),
    /^SEARCH sessions USING COVERING INDEX sessions_status_activity \(tenant_id=\? AND status=\?\)$/,
  ],
  'countSessionsOf all tenants without archived ones': [
    countSessionsOf(undefined, { status: 'active', archived: false }),
    /^SCAN sessions USING COVERING INDEX sessions_activity_everywhere$/,
  ],
  'selectSessions by their last turn': [
    selectSessions('t', { status: 'active', lastTurn: 'failed', limit: 10, asOf: 9, after }),
    /sessions_status_activity .*turns EXISTS USING INDEX sqlite_autoindex_turns_2 \(session_id=\? AND number=\?\)/,
  ],
  selectMatches: [selectMatches({ ...found, tenantId: 't' }), /^SCAN search_words VIRTUAL TABLE INDEX \d+:/],
  selectFound: [
    selectFound({ archived: false }, toIdList(['1'])),
    /search_entries USING INTEGER PRIMARY KEY \(rowid=\?\).*sessions USING INDEX \w+ \(id=\?\)/,
  ],
  selectTexts: [
    selectTexts({ ids: toIdList(['1']) }),
    /search_entries USING INTEGER PRIMARY KEY \(rowid=\?\).*sessions USING INDEX \w+ \(id=\?\).*turns USING INDEX \w+ \(id=\?\)/,
  ],
  selectDigests: [
    selectDigests({ ids: toIdList(['s']) }),
    /sessions USING INDEX \w+ \(id=\?\).*turns USING INDEX \w+ \(session_id=\? AND number=\?\).*usage_sessions USING INDEX \w+ \(session_id=\?\).*permissions USING COVERING INDEX permissions_waiting \(session_id=\?\)/,
  ],
  countActiveSessions: [
    countActiveSessions({}),
    /^SCAN sessions USING COVERING INDEX sessions_active_expiry/,
  ],
  countAllSessions: [countAllSessions({}), /^SCAN sessions USING COVERING INDEX/],
  selectExpiredSessions: [
    selectExpiredSessions({ now: 1, limit: 10 }),
    /INDEX sessions_active_expiry \(expires_at<\?\).*INDEX turns_unfinished_session \(session_id=\?\)/,
  ],
  selectNextExpiry: [
    selectNextExpiry({}),
    /^SCAN sessions USING COVERING INDEX sessions_active_expiry.*INDEX turns_unfinished_session \(session_id=\?\)/,
  ],
  selectTurn: [selectTurn({ ...of, turnId: 'u' }), /^SEARCH turns USING INDEX \w+ \(id=\?\)/],
  selectTurns: [selectTurns({ ...of, ...page }), /INDEX \w+ \(session_id=\? AND number>\?\)/],
  selectSessionsLeft: [
    selectSessionsLeft({}),
    /turns USING INDEX turns_unfinished.*permissions_(pending|waiting).*permissions_undelivered.*tasks_running.*attachments_incomplete/,
  ],
  selectUnfinishedTurns: [selectUnfinishedTurns(of), /^SEARCH turns USING INDEX \w+ \(session_id=\?\)$/],
  selectWaiting: [selectWaiting(of), /INDEX permissions_(waiting|session) \(/],
  selectIncomplete: [selectIncomplete(of), /INDEX attachments_\w+ \(session_id=\?\)/],
  selectUndelivered: [selectUndelivered(of), /INDEX permissions_(undelivered|session)/],
  selectRunningTasks: [selectRunningTasks(of), /INDEX tasks_session \(tenant_id=\? AND session_id=\?\)/],
  'selectTasks of a session': [
    selectTasks('t', { sessionId: 's', status: 'all', ...page }),
    /^SEARCH tasks USING INDEX tasks_session \(tenant_id=\? AND session_id=\?\)$/,
  ],
  'selectPermissions of a session': [
    selectPermissions('t', { sessionId: 's', status: 'all', ...page }),
    /^SEARCH permissions USING INDEX permissions_session \(tenant_id=\? AND session_id=\?\)$/,
  ],
  'selectPermissions that are pending': [
    selectPermissions('t', { status: 'pending', ...page }),
    /^SEARCH permissions USING INDEX permissions_pending \(tenant_id=\?\)$/,
  ],
  'selectPermissions that are pending, next page': [
    selectPermissions('t', { status: 'pending', limit: 10, offset: 0, position }),
    /^SEARCH permissions USING INDEX permissions_pending \(tenant_id=\? AND \(requested_at,id\)>\(\?,\?\)\)$/,
  ],
  'selectPermissions of a session, next page': [
    selectPermissions('t', { sessionId: 's', status: 'all', limit: 10, offset: 0, position }),
    /permissions_session \(tenant_id=\? AND session_id=\? AND \(requested_at,id\)>\(\?,\?\)\)$/,
  ],
  'selectTasks of a session, next page': [
    selectTasks('t', { sessionId: 's', status: 'all', limit: 10, offset: 0, position }),
    /tasks_session \(tenant_id=\? AND session_id=\? AND \(started_at,id\)>\(\?,\?\)\)$/,
  ],
  'selectAttachments, next page': [
    selectAttachments('t', 's', { limit: 10, offset: 0, position }),
    /attachments_session \(session_id=\? AND \(created_at,id\)>\(\?,\?\)\)/,
  ],
  selectPrompts: [
    selectPrompts(of),
    /^SEARCH events USING INDEX events_prompts \(session_id=\? AND tenant_id=\?\)$/,
  ],
  selectLosses: [selectLosses(of), /^SEARCH events USING INDEX events_lost \(session_id=\?\)$/],
  selectEvents: [
    selectEvents('of session', { ...of, after: 5, limit: 10 }),
    /INDEX \w+ \(session_id=\? AND sequence>\?\)/,
  ],
  'selectEvents of a turn': [
    selectEvents('of turn', { ...of, after: 5, limit: 10, turnId: 'u' }),
    /INDEX events_turn \(session_id=\? AND turn_id=\? AND sequence>\?\)/,
  ],
  selectMessages: [
    selectMessages({ ...of, ...page }),
    /INDEX events_messages \(session_id=\? AND message_number>\?\)/,
  ],
  selectMessagesText: [
    selectMessagesText({ ...of, ...page }),
    /INDEX events_messages \(session_id=\? AND message_number>\?\).*payload_templates USING INDEX \w+ \(session_id=\? AND hash=\?\)/,
  ],
  deleteUnusedTemplates: [
    deleteUnusedTemplates({ sessionId: 's' }),
    /payload_templates USING COVERING INDEX \w+ \(session_id=\?\).*events USING COVERING INDEX events_template \(session_id=\? AND template=\?\)/,
  ],
  selectAttachment: [
    selectAttachment({ ...of, attachmentId: 'a' }),
    /^SEARCH attachments USING INDEX \w+ \(id=\?\)/,
  ],
  selectAttachments: [selectAttachments('t', 's', page), /INDEX attachments_session \(session_id=\?\)/],
  sumSizes: [sumSizes(of), /INDEX attachments_session \(session_id=\?\)/],
  selectNeed: [
    selectNeed({ attachmentId: 'a' }),
    /turn_attachments USING COVERING INDEX \w+ \(attachment_id=\?\).*turns USING INDEX \w+ \(id=\?\)/,
  ],
  selectPiece: [
    selectPiece({ ...of, attachmentId: 'a', position: 1 }),
    /attachment_pieces USING INDEX \w+ \(attachment_id=\? AND position=\?\)/,
  ],
  selectFileHistories: [
    selectFileHistories({ endedBefore: 1, limit: 1 }),
    /^SCAN file_histories USING INDEX \w+ \| SEARCH sessions USING INDEX \w+ \(id=\?\)/,
  ],
  countSessionsIn: [countSessionsIn({ directory: '/a' }), /COVERING INDEX sessions_cwd \(cwd=\?\)/],
  selectSnapshot: [selectSnapshot({ ...of, position: 2 }), /INDEX \w+ \(session_id=\? AND position>\?\)/],
  selectCheckpoints: [
    selectCheckpoints({ ...of, since: 1 }),
    /INDEX \w+ \(session_id=\? AND turn_number>\?\)/,
  ],
  selectIdempotencyKey: [
    selectIdempotencyKey({ tenantId: 't', keyId: 'k', key: 'key', now: 1 }),
    /^SEARCH idempotency_keys USING INDEX \w+ \(tenant_id=\? AND created_by=\? AND key=\?\)/,
  ],
  deleteExpiredIdempotencyKeys: [
    deleteExpiredIdempotencyKeys({ now: 1, limit: 10 }),
    /INDEX \w+ \(tenant_id=\? AND created_by=\? AND key=\?\).*INDEX idempotency_keys_expiry \(expires_at<\?\)/,
  ],
  selectMessageNumber: [
    selectMessageNumber({ ...of, sequence: 5 }),
    /INDEX sqlite_autoindex_events_1 \(session_id=\? AND sequence<\?\)/,
  ],
}

function planOf({ template, values }: Query<unknown>): string[] {
  const { sql, slots } = template.compile(sqlite)
  const explained = { sql: `explain query plan ${sql}`, slots: fill({ sql, slots }, values) }
  const rows = connection.all<{ detail: string }>({ template: { compile: () => explained }, values: {} })
  return rows.map(row => row.detail)
}

it.each(Object.entries(queries))('%s reads an index, in its order', (_, [query, index]) => {
  const plan = planOf(query)
  expect(plan.join(' | ')).toMatch(index)
  for (const step of plan) {
    // A page that was found by an index is read from its start to its end.
    // The items of a JSON parameter are a virtual table.
    expect(step).not.toMatch(
      /^SCAN (?!page$|listed VIRTUAL|search_words VIRTUAL)(?!.*USING (COVERING )?INDEX)/,
    )
    expect(step).not.toContain('TEMP B-TREE')
  }
})

it('selectSpending reads the turns and the own work of one session alone', () => {
  const steps = planOf(selectSpending(of)).filter(step => /turns|own_work/.test(step))
  expect(steps).toEqual([
    expect.stringMatching(/^SEARCH turns USING (COVERING )?INDEX \w+ \(session_id=\?/),
    'SEARCH own_work USING INDEX own_work_session (session_id=? AND tenant_id=?)',
  ])
})

const ofTurns =
  'SEARCH turns USING COVERING INDEX turns_usage (session_id=? AND tenant_id=? AND started_at>?)'
const ofAutonomousWork = 'SEARCH own_work USING INDEX own_work_session (session_id=? AND tenant_id=?)'

it.each([
  ['sumTurns', sumTurns({ ...of, now: 1 }), [ofTurns]],
  ['sumAutonomousWork', sumAutonomousWork(of), [ofAutonomousWork]],
  ['sumModels', sumModels(of), [ofTurns, ofAutonomousWork]],
])('%s reads one range of each index, which holds all that is added up of turns', (_, query, expected) => {
  const steps = planOf(query).filter(step => /turns|own_work/.test(step))
  expect(steps).toEqual(expected)
})
