import { sql } from 'kysely'
import type { FingerprintStore, KeyFingerprints, NodeState } from '../sessions/ports/index.ts'
import { all, type Database, run } from './database.ts'
import { prepared } from './query.ts'

/** The owner of the keys of the latest start, which outlive its node. */
const latest = ''

/** Fingerprints of the secret keys of nodes: see the port `FingerprintStore`. */
export function createFingerprints(database: Database): FingerprintStore {
  return {
    noteFingerprints(nodeId, own, find) {
      return database.transaction(function* () {
        // Two that start at the same time come one after the other.
        yield* run(lockLatest({}))
        const rows = yield* all(selectFingerprints({ nodeId }))
        const known = rows.map(({ owner, seals, opens }) => ({ owner, seals, opens: JSON.parse(opens) }))
        const last = known.find(({ owner, seals }) => owner === latest && seals !== '')
        const objection = find({ living: known.filter(({ owner }) => owner !== latest), last })
        if (objection !== undefined) return objection
        yield* run(deleteDead({}))
        for (const owner of [nodeId, latest]) yield* run(saveFingerprints(toRow(owner, own)))
        return undefined
      })
    },

    async sampleSealed() {
      return (await database.all(selectSealed({}))).map(({ sealed }) => sealed)
    },
  }
}

function toRow(owner: string, { seals, opens }: KeyFingerprints) {
  return { owner, seals, opens: JSON.stringify(opens) }
}

/** Makes the row where it is missing, and holds it until the transaction is over. */
const lockLatest = prepared(db =>
  db
    .insertInto('secret_fingerprints')
    .values({ owner: latest, seals: '', opens: '[]' })
    .onConflict(conflict =>
      conflict.column('owner').doUpdateSet(eb => ({ owner: eb.ref('excluded.owner') })),
    ),
)

const isOver = sql<boolean>`owner <> '' and not exists (select 1 from nodes
  where nodes.id = secret_fingerprints.owner and nodes.state <> ${sql.lit<NodeState>('dead')})`

const selectFingerprints = prepared((db, of: { nodeId: string }) =>
  db
    .selectFrom('secret_fingerprints')
    .selectAll()
    .where('owner', '!=', of.nodeId)
    .where(sql<boolean>`not (${isOver})`),
)

const deleteDead = prepared(db => db.deleteFrom('secret_fingerprints').where(isOver))

const saveFingerprints = prepared((db, row: { owner: string; seals: string; opens: string }) =>
  db
    .insertInto('secret_fingerprints')
    .values({ owner: row.owner, seals: row.seals, opens: row.opens })
    .onConflict(conflict =>
      conflict.column('owner').doUpdateSet(eb => ({
        seals: eb.ref('excluded.seals'),
        opens: eb.ref('excluded.opens'),
      })),
    ),
)

/** The newest of each kind. */
const selectSealed = prepared(db =>
  db
    .selectFrom(db.selectFrom('push_keys').select('private_key as sealed').limit(1).as('of_push'))
    .select('sealed')
    .unionAll(
      db
        .selectFrom(
          db
            .selectFrom('webhooks')
            .select('secrets as sealed')
            .orderBy('created_at', 'desc')
            .limit(1)
            .as('of_webhook'),
        )
        .select('sealed'),
    ),
)
