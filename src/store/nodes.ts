import { sql } from 'kysely'
import type { NodeRecord, NodeState, NodeStore } from '../sessions/ports/index.ts'
import type { Database } from './database.ts'
import type { Dialect } from './dialect.ts'
import { prepared } from './query.ts'
import type { QueryBuilder } from './schema.ts'

const dead = sql.lit<NodeState>('dead')

/**
 * The nodes that share the database: see the port `NodeStore`. Each change is one statement by itself, which no lease is
 * asked for: it decides about leases.
 */
export function createNodes(database: Pick<Database, 'all' | 'first'>): NodeStore {
  return {
    async join({ volumes, slotsFree, ...node }, leaseMs) {
      await database.all(insertNode({ ...node, slotsFree, volumes: JSON.stringify(volumes), leaseMs }))
    },

    async renew(id, leaseMs, slotsFree) {
      return (await database.first(renewLease({ id, leaseMs, slotsFree }))) !== undefined
    },

    async drain(id) {
      await database.all(drain({ id }))
    },

    async leave(id) {
      await database.all(bury({ id }))
    },

    async buryExpired() {
      return (await database.all(buryExpired({}))).map(({ id }) => id)
    },

    async listNodes() {
      const rows = await database.all(selectNodes({}))
      return rows.map(
        ({ id, url, version, state, slots_free, volumes }): NodeRecord => ({
          ...{ id, url, version, state },
          slotsFree: slots_free,
          volumes: JSON.parse(volumes),
        }),
      )
    },

    async forgetDead() {
      await database.all(deleteDead({}))
    },
  }
}

interface NewNode {
  id: string
  url: string
  version: string
  slotsFree: number
  volumes: string
  leaseMs: number
}

/** How many nodes are not dead, as a subquery. */
export const livingNodes = sql`select count(*) from nodes where state <> ${dead}`

const insertNode = prepared((db, node: NewNode, { now }) =>
  db.insertInto('nodes').values({
    ...{ id: node.id, url: node.url, version: node.version, state: 'active' },
    lease_until: sql<number>`${now} + ${node.leaseMs}`,
    slots_free: node.slotsFree,
    volumes: node.volumes,
  }),
)

const living = (db: QueryBuilder, id: string) =>
  db.updateTable('nodes').where('id', '=', id).where('state', '!=', dead).returning('id')

/** The row decides: a lease that was found over before is not renewed. */
const renewLease = prepared((db, of: { id: string; leaseMs: number; slotsFree: number }, { now }) =>
  living(db, of.id).set({ lease_until: sql<number>`${now} + ${of.leaseMs}`, slots_free: of.slotsFree }),
)

const drain = prepared((db, of: { id: string }) =>
  living(db, of.id).set({ state: sql.lit<NodeState>('draining') }),
)

const bury = prepared((db, of: { id: string }, dialect) =>
  living(db, of.id)
    .set({ state: dead })
    .where('id', 'in', locked(db, dialect).where('ending.id', '=', of.id)),
)

const buryExpired = prepared((db, _: object, dialect) =>
  db
    .updateTable('nodes')
    .set({ state: dead })
    .where('state', '!=', dead)
    .where('lease_until', '<', dialect.now)
    .where('id', 'in', locked(db, dialect).where('ending.lease_until', '<', dialect.now))
    .returning('id'),
)

/** The rows of lives that are about to end, once no transaction of them runs: each holds its row `for key share`. */
function locked(db: QueryBuilder, { locksRows }: Dialect) {
  return db
    .selectFrom('nodes as ending')
    .select('ending.id')
    .where('ending.state', '!=', dead)
    .$if(locksRows, query => query.forUpdate())
}

const selectNodes = prepared(db =>
  db.selectFrom('nodes').selectAll().where('state', '!=', dead).orderBy('id'),
)

const deleteDead = prepared(db =>
  db
    .deleteFrom('nodes')
    .where('state', '=', dead)
    .where(eb =>
      eb.not(
        eb.exists(
          eb.selectFrom('sessions').select('sessions.id').whereRef('sessions.owner', '=', 'nodes.id'),
        ),
      ),
    ),
)
