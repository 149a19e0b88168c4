import { sql } from 'kysely'
import type { Migration } from '../migration.ts'

export const workspaces: Migration = {
  name: '009-workspaces',
  async up(db, dialect) {
    // Null: an existing directory, `cwd`.
    await db.schema.alterTable('sessions').addColumn('workspace', 'text').execute()
    // Of paths, which may be longer than what an index of PostgreSQL has room for, it keeps hashes.
    await (dialect === 'postgres'
      ? sql`create index sessions_cwd on sessions (md5(cwd), status)`.execute(db)
      : db.schema.createIndex('sessions_cwd').on('sessions').columns(['cwd', 'status']).execute())
    // Of which sessions something is kept: what retention looks for.
    await db.schema
      .createTable('file_histories')
      .addColumn('session_id', 'text', column =>
        column.primaryKey().notNull().references('sessions.id').onDelete('cascade'),
      )
      .addColumn('tenant_id', 'text', column => column.notNull())
      .execute()
    await db.schema
      .createTable('snapshots')
      .addColumn('session_id', 'text', column =>
        column.notNull().references('sessions.id').onDelete('cascade'),
      )
      // Even: of the turn with half that number. Odd: taken after that turn and before the next one.
      .addColumn('position', 'integer', column => column.notNull())
      .addColumn('tenant_id', 'text', column => column.notNull())
      .addColumn('turn_id', 'text')
      .addColumn('tree', 'text')
      .addColumn('missing', 'text')
      .addColumn('taken_at', 'bigint', column => column.notNull())
      .addPrimaryKeyConstraint('snapshots_key', ['session_id', 'position'])
      .execute()
    const checkpoints = db.schema
      .createTable('checkpoints')
      .addColumn('session_id', 'text', column =>
        column.notNull().references('sessions.id').onDelete('cascade'),
      )
      .addColumn('turn_number', 'integer', column => column.notNull())
      .addColumn('path', 'text', column => column.notNull())
      .addColumn('tenant_id', 'text', column => column.notNull())
      .addColumn('turn_id', 'text', column => column.notNull())
      .addColumn('before', 'text', column => column.notNull())
      .addColumn('after', 'text')
      .addColumn('disturbed', 'integer', column => column.notNull())
      .addColumn('taken_at', 'bigint', column => column.notNull())
    if (dialect === 'postgres') {
      await checkpoints.execute()
      await sql`create unique index checkpoints_key on checkpoints (session_id, turn_number, md5(path))`.execute(
        db,
      )
    } else {
      await checkpoints
        .addPrimaryKeyConstraint('checkpoints_key', ['session_id', 'turn_number', 'path'])
        .execute()
    }
  },
}
