import { randomBytes } from 'node:crypto'
import { sql } from 'kysely'
import type { ConsoleLoginStore } from '../sessions/ports/index.ts'
import { type Body, type Database, first, run } from './database.ts'
import { prepared, preparedInsert } from './query.ts'
import { consoleLoginColumns } from './records.ts'
import { advanceRevision, createRevised } from './revisions.ts'

/** Logins of the console: see the port `ConsoleLoginStore`. */
export function createConsoleLogins(database: Database): ConsoleLoginStore {
  return {
    ...createRevised(database, 'logins'),

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

    addLogin(login, replaced) {
      return database.transaction(
        function* () {
          yield* remove(replaced)
          yield* run(insertLogin(consoleLoginColumns.toRow(login)))
          return yield* advanceRevision('logins')
        },
        () => ({ tenantId: login.tenantId }),
      )
    },

    async noteLoginUse(id, at) {
      await database.transaction(() => run(updateUse({ id, at })))
    },

    endLogin({ id, tenantId }) {
      return database.transaction(
        () => end([id]),
        () => ({ tenantId }),
      )
    },

    removeLogins(ids) {
      return database.transaction(() => end(ids))
    },

    async removeOldLogins(createdBefore, usedBefore) {
      await database.transaction(() => run(deleteOld({ createdBefore, usedBefore })))
    },
  }
}

function* end(ids: readonly string[]): Body<number> {
  yield* remove(ids)
  return yield* advanceRevision('logins')
}

/** In one order, so that two nodes do not wait for each other. */
function* remove(ids: readonly string[]): Body<void> {
  for (const id of ids.toSorted()) yield* run(deleteLogin({ id }))
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

const updateUse = prepared((db, of: { id: string; at: number }, dialect) =>
  db
    .updateTable('console_logins')
    .set({ last_used_at: dialect.greater(sql.ref('last_used_at'), sql`${of.at}`) })
    .where('id', '=', of.id),
)

const deleteOld = prepared((db, of: { createdBefore: number; usedBefore: number }) =>
  db
    .deleteFrom('console_logins')
    .where(eb => eb.or([eb('created_at', '<=', of.createdBefore), eb('last_used_at', '<=', of.usedBefore)])),
)

const deleteLogin = prepared((db, of: { id: string }) =>
  db.deleteFrom('console_logins').where('id', '=', of.id),
)
