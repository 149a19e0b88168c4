import { sql } from 'kysely'
import type { KeyStore } from '../sessions/ports/index.ts'
import { type Database, run } from './database.ts'
import { later } from './dialect.ts'
import { columnsOf, pick, prepared, preparedBy } from './query.ts'
import type { Row } from './record-mapper.ts'
import { keyColumns } from './records.ts'
import { advanceRevision, createRevised } from './revisions.ts'

/** Stored API keys: see the port `KeyStore`. */
export function createKeys(database: Database): KeyStore {
  return {
    ...createRevised(database, 'keys'),

    async loadKeys() {
      return (await database.all(selectKeys({}))).map(keyColumns.toRecord)
    },

    saveKey(key, expected) {
      const row = keyColumns.toRow(key)
      return database.transaction(
        function* () {
          yield* run(upsertKey(columnsOf(row), row))
          return yield* advanceRevision('keys', expected)
        },
        () => ({ tenantId: key.tenantId, details: { keyId: key.id } }),
      )
    },

    removeKeys(ids) {
      return database.transaction(function* () {
        for (const id of ids) yield* run(deleteKey({ id }))
        return yield* advanceRevision('keys')
      })
    },

    noteUses(uses) {
      return database.transaction(function* () {
        // In one order, so that two nodes do not wait for each other.
        for (const id of [...uses.keys()].sort()) yield* run(updateUse({ id, at: uses.get(id) ?? 0 }))
        return yield* advanceRevision('keys')
      })
    },
  }
}

const selectKeys = prepared(db => db.selectFrom('api_keys').selectAll().orderBy('created_at').orderBy('id'))

const upsertKey = preparedBy((db, row: Row, columns: string, dialect) => {
  const { id, tenant_id, created_by, created_at, ...rest } = pick(row, columns)
  const latestUse = later(dialect, sql.ref('api_keys.last_used_at'), sql.ref('excluded.last_used_at'))
  return (
    db
      .insertInto('api_keys')
      // The mapper knows the columns.
      .values({ id, tenant_id, created_by, created_at, ...rest } as never)
      .onConflict(conflict => conflict.column('id').doUpdateSet({ ...rest, last_used_at: latestUse }))
  )
})

const deleteKey = prepared((db, of: { id: string }) => db.deleteFrom('api_keys').where('id', '=', of.id))

const updateUse = prepared((db, of: { id: string; at: number }, dialect) =>
  db
    .updateTable('api_keys')
    .set({ last_used_at: later(dialect, sql.ref('last_used_at'), sql`${of.at}`) })
    .where('id', '=', of.id),
)
