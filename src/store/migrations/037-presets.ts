import type { Migration } from '../migration.ts'

export const presets: Migration = {
  name: '037-presets',
  admits: '031-title-source',
  async up(db) {
    await db.schema
      .createTable('presets')
      .addColumn('tenant_id', 'text', column => column.notNull())
      .addColumn('name', 'text', column => column.notNull())
      // Of the last version, also after the preset was deleted.
      .addColumn('version', 'bigint', column => column.notNull())
      .addColumn('archived_at', 'bigint')
      .addColumn('deleted_at', 'bigint')
      .addPrimaryKeyConstraint('presets_key', ['tenant_id', 'name'])
      .execute()
    await db.schema
      .createTable('preset_versions')
      .addColumn('tenant_id', 'text', column => column.notNull())
      .addColumn('name', 'text', column => column.notNull())
      .addColumn('version', 'bigint', column => column.notNull())
      .addColumn('description', 'text')
      .addColumn('configuration', 'text', column => column.notNull())
      // The sealed part of the configuration.
      .addColumn('secrets', 'text', column => column.notNull())
      .addColumn('size_bytes', 'bigint', column => column.notNull())
      .addColumn('created_by', 'text', column => column.notNull())
      .addColumn('created_at', 'bigint', column => column.notNull())
      // The idempotency key of the request that made the version, and the hash of that request.
      .addColumn('request_key', 'text')
      .addColumn('request_hash', 'text')
      .addPrimaryKeyConstraint('preset_versions_key', ['tenant_id', 'name', 'version'])
      .execute()
    await db.schema
      .createIndex('preset_versions_request')
      .on('preset_versions')
      .columns(['tenant_id', 'created_by', 'request_key'])
      .where('request_key', 'is not', null)
      .execute()
    await db.schema.alterTable('sessions').addColumn('preset_name', 'text').execute()
    await db.schema.alterTable('sessions').addColumn('preset_version', 'bigint').execute()
    await db.schema
      .createIndex('sessions_of_preset')
      .on('sessions')
      .columns(['tenant_id', 'preset_name', 'last_activity_at', 'id'])
      .where('preset_name', 'is not', null)
      .execute()
  },
}
