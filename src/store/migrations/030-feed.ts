import { type Kysely, sql } from 'kysely'
import type { Migration } from '../migration.ts'

export const feed: Migration = {
  name: '030-feed',
  async up(db) {
    // null: copied from the past of another session, or a message that was stored before the column existed.
    await db.schema.alterTable('events').addColumn('position', 'bigint').execute()
    await db.schema
      .createTable('feed_head')
      .addColumn('id', 'integer', column => column.primaryKey())
      .addColumn('position', 'bigint', column => column.notNull())
      .execute()
    await db.schema
      .createTable('feed_removals')
      .addColumn('tenant_id', 'text', column => column.primaryKey().notNull())
      .addColumn('through', 'bigint', column => column.notNull())
      .execute()
    await numberStored(db)
    // With the type, so that events of other types are skipped without reading their rows.
    await db.schema
      .createIndex('events_feed')
      .on('events')
      .columns(['position', 'type'])
      .where(sql.ref('position'), 'is not', null)
      .execute()
    await db.schema
      .createIndex('events_feed_tenant')
      .on('events')
      .columns(['tenant_id', 'position', 'type'])
      .where(sql.ref('position'), 'is not', null)
      .execute()
  },
}

/**
 * Gives the stored events a position: by time, but never against the order of their session, whose clock may have been
 * set. Messages get none, because most of a log would be written anew.
 */
async function numberStored(db: Kysely<unknown>): Promise<void> {
  await sql`update events set position = numbered.position from (
    select session_id as id, sequence as place, row_number() over (order by latest, session_id, sequence) as position from (
      select session_id, sequence, max(at) over (partition by session_id order by sequence) as latest
      from events where type <> 'message'
    ) as timed
  ) as numbered where events.session_id = numbered.id and events.sequence = numbered.place`.execute(db)
  await sql`insert into feed_head (id, position)
    select 1, max(position) from events where position is not null having count(*) > 0`.execute(db)
}
