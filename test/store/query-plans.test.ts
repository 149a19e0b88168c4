import type { Compilable, CompiledQuery } from 'kysely'
import { afterAll, beforeAll, expect, it } from 'vitest'
import {
  selectAttachment,
  selectAttachments,
  selectNeed,
  selectPiece,
  sumSizes,
} from '../../src/store/attachments.ts'
import { selectLosses, selectPrompts } from '../../src/store/branches.ts'
import {
  selectEvents,
  selectMessageNumber,
  selectMessages,
  selectMessagesText,
} from '../../src/store/event-queries.ts'
import {
  checkpointsOf,
  countSessionsIn,
  selectFileHistories,
  snapshotsOf,
} from '../../src/store/file-history.ts'
import { deleteExpiredIdempotencyKeys, selectIdempotencyKey } from '../../src/store/idempotency.ts'
import { migrate } from '../../src/store/migrate.ts'
import { openConnection } from '../../src/store/node-sqlite.ts'
import { deleteUnusedTemplates } from '../../src/store/payload-templates.ts'
import { selectPermissions } from '../../src/store/permissions.ts'
import {
  countActiveSessions,
  countAllSessions,
  countSessionsOf,
  selectExpiredSessions,
  selectNewestActivity,
  selectNextExpiry,
  selectSession,
  selectSessions,
  selectUsedSessions,
} from '../../src/store/session-queries.ts'
import { selectSpending } from '../../src/store/spending-queries.ts'
import { loseTasks, selectTasks } from '../../src/store/tasks.ts'
import { selectTurn, selectTurns, selectUnfinishedTurns } from '../../src/store/turn-queries.ts'
import { sumAutonomousWork, sumModels, sumTurns } from '../../src/store/usage-queries.ts'

const connection = openConnection(':memory:')
const { db } = connection
beforeAll(() => migrate(db, ':memory:'))
afterAll(() => connection.close())

const after = { lastActivityAt: 1, id: 's' }
const page = { limit: 10, offset: 50_000 }
const position = { at: 1, id: 'p' }
const queries: Record<string, [query: Compilable, index: RegExp]> = {
  selectSession: [selectSession(db, 't', 's'), /^SEARCH sessions USING INDEX \w+ \(id=\?\)/],
  'selectSessions of a status': [
    selectSessions(db, 't', { status: 'active', limit: 10, asOf: 9, after: null }),
    /sessions_status_activity \(tenant_id=\? AND status=\? AND \(last_activity_at,id\)<\(\?,\?\)\)/,
  ],
  selectNewestActivity: [
    selectNewestActivity(db, 't', 'active'),
    /COVERING INDEX sessions_status_activity \(tenant_id=\? AND status=\?\)/,
  ],
  selectUsedSessions: [
    selectUsedSessions(db, 't', { status: 'active', limit: 10, asOf: 9, after }),
    /^SEARCH sessions USING INDEX sessions_status_activity \(tenant_id=\? AND status=\? AND last_activity_at>\?\)/,
  ],
  'selectSessions of a status, next page': [
    selectSessions(db, 't', { status: 'active', limit: 10, asOf: 9, after }),
    /sessions_status_activity \(tenant_id=\? AND status=\? AND \(last_activity_at,id\)<\(\?,\?\)\)/,
  ],
  'selectSessions of all, next page': [
    selectSessions(db, 't', { status: 'all', limit: 10, asOf: 9, after }),
    /sessions_activity \(tenant_id=\? AND \(last_activity_at,id\)<\(\?,\?\)\)/,
  ],
  countSessionsOf: [
    countSessionsOf(db, 't', 'ended'),
    /COVERING INDEX sessions_status_activity \(tenant_id=\? AND status=\?\)/,
  ],
  countActiveSessions: [
    countActiveSessions(db),
    /^SCAN sessions USING COVERING INDEX sessions_active_expiry/,
  ],
  countAllSessions: [countAllSessions(db), /^SCAN sessions USING COVERING INDEX/],
  selectExpiredSessions: [
    selectExpiredSessions(db, 1, 10),
    /INDEX sessions_active_expiry \(expires_at<\?\).*INDEX turns_unfinished_session \(session_id=\?\)/,
  ],
  selectNextExpiry: [
    selectNextExpiry(db),
    /^SCAN sessions USING COVERING INDEX sessions_active_expiry.*INDEX turns_unfinished_session \(session_id=\?\)/,
  ],
  selectTurn: [selectTurn(db, 't', 's', 'u'), /^SEARCH turns USING INDEX \w+ \(id=\?\)/],
  selectTurns: [selectTurns(db, 't', 's', page), /INDEX \w+ \(session_id=\? AND number>\?\)/],
  selectUnfinishedTurns: [selectUnfinishedTurns(db), /^SCAN turns USING INDEX turns_unfinished$/],
  'selectTasks of a session': [
    selectTasks(db, 't', { sessionId: 's', status: 'all', ...page }),
    /^SEARCH tasks USING INDEX tasks_session \(tenant_id=\? AND session_id=\?\)$/,
  ],
  loseTasks: [loseTasks(db, 1), /tasks USING INDEX tasks_running/],
  'selectPermissions of a session': [
    selectPermissions(db, 't', { sessionId: 's', status: 'all', ...page }),
    /^SEARCH permissions USING INDEX permissions_session \(tenant_id=\? AND session_id=\?\)$/,
  ],
  'selectPermissions that are pending': [
    selectPermissions(db, 't', { status: 'pending', ...page }),
    /^SEARCH permissions USING INDEX permissions_pending \(tenant_id=\?\)$/,
  ],
  'selectPermissions that are pending, next page': [
    selectPermissions(db, 't', { status: 'pending', limit: 10, offset: 0, position }),
    /^SEARCH permissions USING INDEX permissions_pending \(tenant_id=\? AND \(requested_at,id\)>\(\?,\?\)\)$/,
  ],
  'selectPermissions of a session, next page': [
    selectPermissions(db, 't', { sessionId: 's', status: 'all', limit: 10, offset: 0, position }),
    /permissions_session \(tenant_id=\? AND session_id=\? AND \(requested_at,id\)>\(\?,\?\)\)$/,
  ],
  'selectTasks of a session, next page': [
    selectTasks(db, 't', { sessionId: 's', status: 'all', limit: 10, offset: 0, position }),
    /tasks_session \(tenant_id=\? AND session_id=\? AND \(started_at,id\)>\(\?,\?\)\)$/,
  ],
  'selectAttachments, next page': [
    selectAttachments(db, 't', 's', { limit: 10, offset: 0, position }),
    /attachments_session \(session_id=\? AND \(created_at,id\)>\(\?,\?\)\)/,
  ],
  selectPrompts: [
    selectPrompts(db, 't', 's'),
    /^SEARCH events USING INDEX events_prompts \(session_id=\? AND tenant_id=\?\)$/,
  ],
  selectLosses: [selectLosses(db, 't', 's'), /^SEARCH events USING INDEX events_lost \(session_id=\?\)$/],
  selectEvents: [
    selectEvents(db, 't', { sessionId: 's', after: 5, limit: 10 }),
    /INDEX \w+ \(session_id=\? AND sequence>\?\)/,
  ],
  'selectEvents of a turn': [
    selectEvents(db, 't', { sessionId: 's', after: 5, limit: 10, turnId: 'u' }),
    /INDEX events_turn \(session_id=\? AND turn_id=\? AND sequence>\?\)/,
  ],
  selectMessages: [
    selectMessages(db, 't', 's', page),
    /INDEX events_messages \(session_id=\? AND message_number>\?\)/,
  ],
  selectMessagesText: [
    selectMessagesText(db, 't', 's', page),
    /INDEX events_messages \(session_id=\? AND message_number>\?\).*payload_templates USING INDEX \w+ \(session_id=\? AND hash=\?\)/,
  ],
  deleteUnusedTemplates: [
    deleteUnusedTemplates(db, 's'),
    /payload_templates USING COVERING INDEX \w+ \(session_id=\?\).*events USING COVERING INDEX events_template \(session_id=\? AND template=\?\)/,
  ],
  selectAttachment: [selectAttachment(db, 't', 's', 'a'), /^SEARCH attachments USING INDEX \w+ \(id=\?\)/],
  selectAttachments: [selectAttachments(db, 't', 's', page), /INDEX attachments_session \(session_id=\?\)/],
  sumSizes: [sumSizes(db, 't', 's'), /INDEX attachments_session \(session_id=\?\)/],
  selectNeed: [
    selectNeed(db, 'a'),
    /turn_attachments USING COVERING INDEX \w+ \(attachment_id=\?\).*turns USING INDEX \w+ \(id=\?\)/,
  ],
  selectPiece: [
    selectPiece(db, 't', 's', 'a', 1),
    /attachment_pieces USING INDEX \w+ \(attachment_id=\? AND position=\?\)/,
  ],
  selectFileHistories: [
    selectFileHistories(db, 1, 1),
    /^SCAN file_histories USING INDEX \w+ \| SEARCH sessions USING INDEX \w+ \(id=\?\)/,
  ],
  countSessionsIn: [countSessionsIn(db, '/a'), /COVERING INDEX sessions_cwd \(cwd=\?\)/],
  snapshotsOf: [
    snapshotsOf(db, 't', 's').where('position', '>=', 2).orderBy('position').limit(1),
    /INDEX \w+ \(session_id=\? AND position>\?\)/,
  ],
  checkpointsOf: [
    checkpointsOf(db, 't', 's', 1).orderBy('turn_number').orderBy('path'),
    /INDEX \w+ \(session_id=\? AND turn_number>\?\)/,
  ],
  selectIdempotencyKey: [
    selectIdempotencyKey(db, 't', 'k', 'key', 1),
    /^SEARCH idempotency_keys USING INDEX \w+ \(tenant_id=\? AND created_by=\? AND key=\?\)/,
  ],
  deleteExpiredIdempotencyKeys: [
    deleteExpiredIdempotencyKeys(db, 1, 10),
    /INDEX \w+ \(tenant_id=\? AND created_by=\? AND key=\?\).*INDEX idempotency_keys_expiry \(expires_at<\?\)/,
  ],
  selectMessageNumber: [
    selectMessageNumber(db, 't', 's', 5),
    /INDEX sqlite_autoindex_events_1 \(session_id=\? AND sequence<\?\)/,
  ],
}

it.each(Object.entries(queries))('%s reads an index, in its order', (_, [query, index]) => {
  const compiled = query.compile()
  const explained = { ...compiled, sql: `explain query plan ${compiled.sql}` }
  const plan = connection
    .all({ compile: () => explained as CompiledQuery<{ detail: string }> })
    .map(row => row.detail)
  expect(plan.join(' | ')).toMatch(index)
  for (const step of plan) {
    // A page that was found by an index is read from its start to its end.
    expect(step).not.toMatch(/^SCAN (?!page$)(?!.*USING (COVERING )?INDEX)/)
    expect(step).not.toContain('TEMP B-TREE')
  }
})

it('selectSpending reads the turns and the own work of one session alone', () => {
  const compiled = selectSpending(db, 't', 's').compile()
  const explained = { ...compiled, sql: `explain query plan ${compiled.sql}` }
  const plan = connection.all({ compile: () => explained as CompiledQuery<{ detail: string }> })
  const steps = plan.map(row => row.detail).filter(step => /turns|own_work/.test(step))
  expect(steps).toEqual([
    expect.stringMatching(/^SEARCH turns USING (COVERING )?INDEX \w+ \(session_id=\?/),
    'SEARCH own_work USING INDEX own_work_session (session_id=? AND tenant_id=?)',
  ])
})

const ofTurns =
  'SEARCH turns USING COVERING INDEX turns_usage (session_id=? AND tenant_id=? AND started_at>?)'
const ofAutonomousWork = 'SEARCH own_work USING INDEX own_work_session (session_id=? AND tenant_id=?)'

it.each([
  ['sumTurns', sumTurns(db, 't', 's', 1), [ofTurns]],
  ['sumAutonomousWork', sumAutonomousWork(db, 't', 's'), [ofAutonomousWork]],
  ['sumModels', sumModels(db, 't', 's'), [ofTurns, ofAutonomousWork]],
])('%s reads one range of each index, which holds all that is added up of turns', (_, query, expected) => {
  const compiled = query.compile()
  const explained = { ...compiled, sql: `explain query plan ${compiled.sql}` }
  const plan = connection.all({ compile: () => explained as CompiledQuery<{ detail: string }> })
  const steps = plan.map(row => row.detail).filter(step => /turns|own_work/.test(step))
  expect(steps).toEqual(expected)
})
