import { type Kysely, sql } from 'kysely'
import type { Dialect } from '../dialect.ts'
import type { Migration } from '../migration.ts'

export const attachments: Migration = {
  name: '008-attachments',
  async up(db, dialect) {
    await createAttachments(db)
    await addModelUsage(db, dialect)
  },
}

async function createAttachments(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('attachments')
    .addColumn('id', 'text', column => column.primaryKey().notNull())
    .addColumn('session_id', 'text', column => column.notNull().references('sessions.id').onDelete('cascade'))
    .addColumn('tenant_id', 'text', column => column.notNull())
    .addColumn('created_by', 'text', column => column.notNull())
    .addColumn('name', 'text', column => column.notNull())
    .addColumn('media_type', 'text', column => column.notNull())
    .addColumn('size_bytes', 'bigint', column => column.notNull())
    .addColumn('sha256', 'text', column => column.notNull())
    .addColumn('created_at', 'bigint', column => column.notNull())
    // 0 while its pieces are being written: it counts, but is not visible.
    .addColumn('complete', 'integer', column => column.notNull())
    .execute()
  await db.schema
    .createIndex('attachments_session')
    .on('attachments')
    .columns(['session_id', 'created_at', 'id', 'size_bytes'])
    .execute()
  await db.schema
    .createIndex('attachments_incomplete')
    .on('attachments')
    .column('id')
    .where(sql.ref('complete'), '=', sql.lit(0))
    .execute()
  // In pieces: neither a write nor a read keeps everything else waiting for a whole file.
  await db.schema
    .createTable('attachment_pieces')
    .addColumn('attachment_id', 'text', column =>
      column.notNull().references('attachments.id').onDelete('cascade'),
    )
    .addColumn('position', 'integer', column => column.notNull())
    .addColumn('bytes', 'blob', column => column.notNull())
    .addPrimaryKeyConstraint('attachment_pieces_key', ['attachment_id', 'position'])
    .execute()
  await db.schema
    .createTable('turn_attachments')
    .addColumn('turn_id', 'text', column => column.notNull().references('turns.id').onDelete('cascade'))
    .addColumn('attachment_id', 'text', column =>
      column.notNull().references('attachments.id').onDelete('cascade'),
    )
    .addPrimaryKeyConstraint('turn_attachments_key', ['attachment_id', 'turn_id'])
    .execute()
  await db.schema.createIndex('turn_attachments_turn').on('turn_attachments').column('turn_id').execute()
}

async function addModelUsage(db: Kysely<unknown>, dialect: Dialect['name']): Promise<void> {
  await db.schema.alterTable('turns').addColumn('model_usage', 'text').execute()
  // PostgreSQL has no room for whole texts in an index.
  if (dialect === 'postgres') return
  // All that is added up over a session, without its prompts and answers.
  await db.schema
    .createIndex('turns_usage')
    .on('turns')
    .columns(['session_id', 'tenant_id', 'started_at', 'ended_at', 'cost_usd', 'usage', 'model_usage'])
    .where(sql.ref('started_at'), 'is not', null)
    .execute()
}
