import type { KeyStore } from '../sessions/ports/index.ts'
import { type Database, run } from './database.ts'
import { columnsOf, pick, prepared, preparedBy } from './query.ts'
import type { Row } from './record-mapper.ts'
import { keyColumns } from './records.ts'

/** Stored API keys: see the port `KeyStore`. */
export function createKeys(database: Database): KeyStore {
  return {
    async loadKeys() {
      return (await database.all(selectKeys({}))).map(keyColumns.toRecord)
    },

    async saveKey(key) {
      const row = keyColumns.toRow(key)
      await database.transaction(
        () => run(upsertKey(columnsOf(row), row)),
        () => ({ tenantId: key.tenantId, details: { keyId: key.id } }),
      )
    },

    async removeKeys(ids) {
      await database.transaction(function* () {
        for (const id of ids) yield* run(deleteKey({ id }))
      })
    },

    async noteUses(uses) {
      await database.transaction(function* () {
        for (const [id, at] of uses) yield* run(updateUse({ id, at }))
      })
    },
  }
}

const selectKeys = prepared(db => db.selectFrom('api_keys').selectAll().orderBy('created_at').orderBy('id'))

const upsertKey = preparedBy((db, row: Row, columns: string) => {
  const { id, tenant_id, created_by, created_at, ...rest } = pick(row, columns)
  return (
    db
      .insertInto('api_keys')
      // The mapper knows the columns.
      .values({ id, tenant_id, created_by, created_at, ...rest } as never)
      .onConflict(conflict => conflict.column('id').doUpdateSet(rest))
  )
})

const deleteKey = prepared((db, of: { id: string }) => db.deleteFrom('api_keys').where('id', '=', of.id))

const updateUse = prepared((db, of: { id: string; at: number }) =>
  db.updateTable('api_keys').set({ last_used_at: of.at }).where('id', '=', of.id),
)
