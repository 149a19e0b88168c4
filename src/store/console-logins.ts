import { randomBytes } from 'node:crypto'
import type { ConsoleLoginStore } from '../sessions/ports/index.ts'
import { type Body, type Database, first, run } from './database.ts'
import { prepared, preparedInsert } from './query.ts'
import { consoleLoginColumns } from './records.ts'

/** Logins of the console: see the port `ConsoleLoginStore`. */
export function createConsoleLogins(database: Database): ConsoleLoginStore {
  return {
    async loadInstance() {
      const name = randomBytes(8).toString('hex')
      return database.transaction(function* () {
        yield* run(insertInstance({ name }))
        return (yield* first(selectInstance({})))?.name ?? name
      })
    },

    async loadLogins() {
      return (await database.all(selectLogins({}))).map(consoleLoginColumns.toRecord)
    },

    async addLogin(login, replaced) {
      await database.transaction(
        function* () {
          yield* remove(replaced)
          yield* run(insertLogin(consoleLoginColumns.toRow(login)))
        },
        () => ({ tenantId: login.tenantId }),
      )
    },

    async noteLoginUse(id, at) {
      await database.transaction(() => run(updateUse({ id, at })))
    },

    async endLogin({ id, tenantId }) {
      await database.transaction(
        () => remove([id]),
        () => ({ tenantId }),
      )
    },

    async removeLogins(ids) {
      await database.transaction(() => remove(ids))
    },
  }
}

function* remove(ids: readonly string[]): Body<void> {
  for (const id of ids) yield* run(deleteLogin({ id }))
}

const insertInstance = prepared((db, of: { name: string }) =>
  db
    .insertInto('console_instance')
    .values({ id: 1, name: of.name })
    .onConflict(conflict => conflict.column('id').doNothing()),
)

const selectInstance = prepared(db => db.selectFrom('console_instance').select('name'))

const selectLogins = prepared(db =>
  db.selectFrom('console_logins').selectAll().orderBy('last_used_at').orderBy('id'),
)

const insertLogin = preparedInsert('console_logins')

const updateUse = prepared((db, of: { id: string; at: number }) =>
  db.updateTable('console_logins').set({ last_used_at: of.at }).where('id', '=', of.id),
)

const deleteLogin = prepared((db, of: { id: string }) =>
  db.deleteFrom('console_logins').where('id', '=', of.id),
)
