import { type Kysely, sql } from 'kysely'
import type { Migration } from '../migration.ts'

/** Entries cannot be removed before this age, in milliseconds. */
const leastAgeMs = 24 * 60 * 60 * 1000

export const audit: Migration = {
  name: '025-audit',
  async up(db, dialect) {
    await db.schema
      .createTable('audit_log')
      .addColumn('id', 'text', column => column.primaryKey().notNull())
      .addColumn('at', 'bigint', column => column.notNull())
      // null: of no tenant, such as keys that are not valid.
      .addColumn('tenant_id', 'text')
      .addColumn('key_id', 'text')
      .addColumn('name', 'text')
      .addColumn('action', 'text', column => column.notNull())
      .addColumn('outcome', 'text', column => column.notNull())
      .addColumn('error_code', 'text')
      // Not a foreign key: entries outlive their sessions.
      .addColumn('session_id', 'text')
      .addColumn('turn_id', 'text')
      .addColumn('address', 'text')
      .addColumn('request_id', 'text')
      .addColumn('count', 'bigint', column => column.notNull())
      .addColumn('details', 'text', column => column.notNull())
      .execute()
    await db.schema
      .createIndex('audit_log_tenant')
      .on('audit_log')
      .columns(['tenant_id', 'id'])
      .where(sql.ref('tenant_id'), 'is not', null)
      .execute()
    await db.schema
      .createIndex('audit_log_session')
      .on('audit_log')
      .columns(['session_id', 'id'])
      .where(sql.ref('session_id'), 'is not', null)
      .execute()
    await (dialect === 'sqlite' ? protectSqlite(db) : protectPostgres(db))
  },
}

async function protectSqlite(db: Kysely<unknown>): Promise<void> {
  await sql`create trigger audit_log_unchanged before update on audit_log begin
    select raise(abort, 'the audit log is append-only');
  end`.execute(db)
  await sql`create trigger audit_log_kept before delete on audit_log
    when old.at > unixepoch('subsec') * 1000 - ${sql.lit(leastAgeMs)} begin
    select raise(abort, 'the audit log is append-only');
  end`.execute(db)
}

async function protectPostgres(db: Kysely<unknown>): Promise<void> {
  await sql`create function keep_audit_log() returns trigger language plpgsql as $body$
    begin
      if tg_op = 'DELETE' and old.at <= extract(epoch from now()) * 1000 - ${sql.lit(leastAgeMs)} then
        return old;
      end if;
      raise exception 'the audit log is append-only';
    end $body$`.execute(db)
  await sql`create trigger audit_log_kept before update or delete on audit_log
    for each row execute function keep_audit_log()`.execute(db)
}
