import { type Kysely, sql } from 'kysely'
import type { Migration } from '../migration.ts'

export const initial: Migration = {
  name: '001-initial',
  async up(db) {
    await createSessions(db)
    await createTurns(db)
    await createEvents(db)
    await db.schema
      .createTable('store_checks')
      .addColumn('id', 'integer', column => column.primaryKey())
      .addColumn('checked_at', 'bigint', column => column.notNull())
      .execute()
  },
}

async function createSessions(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('sessions')
    .addColumn('id', 'text', column => column.primaryKey().notNull())
    .addColumn('tenant_id', 'text', column => column.notNull())
    .addColumn('created_by', 'text', column => column.notNull())
    .addColumn('status', 'text', column => column.notNull())
    .addColumn('title', 'text')
    .addColumn('metadata', 'text', column => column.notNull())
    .addColumn('cwd', 'text', column => column.notNull())
    .addColumn('permission_mode', 'text', column => column.notNull())
    .addColumn('requested_model', 'text')
    .addColumn('model', 'text')
    .addColumn('append_system_prompt', 'text')
    .addColumn('max_turns', 'integer')
    .addColumn('claude_session_id', 'text', column => column.notNull())
    .addColumn('conversation_started', 'integer', column => column.notNull())
    .addColumn('created_at', 'bigint', column => column.notNull())
    .addColumn('last_activity_at', 'bigint', column => column.notNull())
    .addColumn('expires_at', 'bigint', column => column.notNull())
    .addColumn('ended_at', 'bigint')
    .addColumn('last_sequence', 'bigint', column => column.notNull())
    .addColumn('message_count', 'bigint', column => column.notNull())
    .addColumn('turn_count', 'bigint', column => column.notNull())
    .execute()
  await db.schema
    .createIndex('sessions_activity')
    .on('sessions')
    .columns(['tenant_id', 'last_activity_at', 'id'])
    .execute()
  await db.schema
    .createIndex('sessions_status_activity')
    .on('sessions')
    .columns(['tenant_id', 'status', 'last_activity_at', 'id'])
    .execute()
  await db.schema
    .createIndex('sessions_active_expiry')
    .on('sessions')
    .columns(['expires_at', 'id'])
    .where(sql.ref('status'), '=', 'active')
    .execute()
}

async function createTurns(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('turns')
    .addColumn('id', 'text', column => column.primaryKey().notNull())
    .addColumn('session_id', 'text', column => column.notNull().references('sessions.id').onDelete('cascade'))
    .addColumn('tenant_id', 'text', column => column.notNull())
    .addColumn('created_by', 'text', column => column.notNull())
    .addColumn('number', 'bigint', column => column.notNull())
    .addColumn('status', 'text', column => column.notNull())
    .addColumn('prompt', 'text', column => column.notNull())
    .addColumn('timeout_ms', 'bigint', column => column.notNull())
    .addColumn('response', 'text')
    .addColumn('message_id', 'text')
    .addColumn('stop_reason', 'text')
    .addColumn('error', 'text')
    .addColumn('usage', 'text')
    .addColumn('cost_usd', 'double precision')
    .addColumn('created_at', 'bigint', column => column.notNull())
    .addColumn('started_at', 'bigint')
    .addColumn('ended_at', 'bigint')
    .addColumn('first_sequence', 'bigint')
    .addColumn('last_sequence', 'bigint')
    .addUniqueConstraint('turns_number', ['session_id', 'number'])
    .execute()
  // One conversation runs one turn at a time: whatever the program believes, the database admits no second one.
  await db.schema
    .createIndex('turns_one_running')
    .unique()
    .on('turns')
    .column('session_id')
    .where(sql.ref('status'), 'in', ['running', 'requires_action'])
    .execute()
  await db.schema
    .createIndex('turns_unfinished')
    .on('turns')
    .columns(['created_at', 'session_id', 'number'])
    .where(sql.ref('status'), 'in', ['queued', 'running', 'requires_action'])
    .execute()
  await db.schema
    .createIndex('turns_unfinished_session')
    .on('turns')
    .column('session_id')
    .where(sql.ref('status'), 'in', ['queued', 'running', 'requires_action'])
    .execute()
}

async function createEvents(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('events')
    .addColumn('session_id', 'text', column => column.notNull().references('sessions.id').onDelete('cascade'))
    .addColumn('sequence', 'bigint', column => column.notNull())
    .addColumn('tenant_id', 'text', column => column.notNull())
    .addColumn('turn_id', 'text')
    .addColumn('type', 'text', column => column.notNull())
    .addColumn('at', 'bigint', column => column.notNull())
    .addColumn('message_number', 'bigint')
    .addColumn('message_id', 'text')
    .addColumn('payload', 'text', column => column.notNull())
    .addPrimaryKeyConstraint('events_primary_key', ['session_id', 'sequence'])
    .execute()
  await db.schema
    .createIndex('events_messages')
    .unique()
    .on('events')
    .columns(['session_id', 'message_number'])
    .where(sql.ref('type'), '=', 'message')
    .execute()
  await db.schema
    .createIndex('events_turn')
    .on('events')
    .columns(['session_id', 'turn_id', 'sequence'])
    .execute()
}
