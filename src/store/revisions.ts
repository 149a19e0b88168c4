import { ChangedElsewhere } from '../lib/changed-elsewhere.ts'
import type { RevisedStore, RevisionName, RevisionStore } from '../sessions/ports/index.ts'
import { type Body, type Database, first } from './database.ts'
import { prepared } from './query.ts'

/** The revisions of the parts of the store that servers keep in memory: see the port `RevisionStore`. */
export function createRevisions(database: Database): RevisionStore {
  return {
    async readRevisions() {
      const rows = await database.all(selectRevisions({}))
      return new Map(rows.map(({ name, value }) => [name, value]))
    },
  }
}

/** The revision of one part. */
export function createRevised(database: Database, name: RevisionName): RevisedStore {
  return {
    async readRevision() {
      return (await database.first(selectRevision({ name })))?.value ?? 0
    },
  }
}

/**
 * Counts a change of a part; to be run at the end of its transaction.
 *
 * @param expected the revision that the change is based on; undefined: it holds whatever was changed before
 * @returns the new revision
 * @throws ChangedElsewhere
 */
export function* advanceRevision(name: RevisionName, expected?: number): Body<number> {
  const value = (yield* first(advance({ name })))?.value ?? 0
  if (expected !== undefined && value !== expected + 1) throw new ChangedElsewhere(name)
  return value
}

const selectRevisions = prepared(db => db.selectFrom('revisions').select(['name', 'value']))

const selectRevision = prepared((db, of: { name: RevisionName }) =>
  db.selectFrom('revisions').select('value').where('name', '=', of.name),
)

const advance = prepared((db, of: { name: RevisionName }) =>
  db
    .insertInto('revisions')
    .values({ name: of.name, value: 1 })
    .onConflict(conflict =>
      conflict.column('name').doUpdateSet(eb => ({ value: eb('revisions.value', '+', 1) })),
    )
    .returning('value'),
)
