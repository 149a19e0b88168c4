import type { IdempotencyRecord, IdempotencyStore } from '../sessions/ports/index.ts'
import { type Body, type Database, run } from './database.ts'
import { prepared, preparedInsert } from './query.ts'

/** How many expired keys go with each one that comes, so that there are never many more than a day's. */
export const removedWithEach = 10

/** The results of requests with a key. */
export function createIdempotency(database: Database): IdempotencyStore {
  return {
    async findIdempotencyKey(tenantId, keyId, key, now) {
      const row = await database.first(selectIdempotencyKey({ tenantId, keyId, key, now }))
      if (!row) return undefined
      const { session_id: sessionId, turn_id: turnId, fingerprint, expires_at: expiresAt } = row
      return { tenantId, keyId, key, fingerprint, sessionId, turnId, expiresAt }
    },

    removeExpiredIdempotencyKeys(now, limit) {
      return database.transaction(() => run(deleteExpiredIdempotencyKeys({ now, limit })))
    },
  }
}

/**
 * To be run within a transaction, when the session is stored.
 * @throws when the key is taken
 */
export function* writeIdempotencyKey(record: IdempotencyRecord, now: number): Body<void> {
  const { tenantId, keyId, key } = record
  yield* run(deleteExpiredKey({ tenantId, keyId, key, now }))
  yield* run(deleteExpiredIdempotencyKeys({ now, limit: removedWithEach }))
  yield* run(insertIdempotencyKey(toIdempotencyRow(record)))
}

export function toIdempotencyRow(record: IdempotencyRecord) {
  return {
    tenant_id: record.tenantId,
    created_by: record.keyId,
    key: record.key,
    fingerprint: record.fingerprint,
    session_id: record.sessionId,
    turn_id: record.turnId,
    expires_at: record.expiresAt,
  }
}

const insertIdempotencyKey = preparedInsert('idempotency_keys')

type OwnKey = Pick<IdempotencyRecord, 'tenantId' | 'keyId' | 'key'> & { now: number }

export const selectIdempotencyKey = prepared((db, of: OwnKey) =>
  db
    .selectFrom('idempotency_keys')
    .selectAll()
    .where('tenant_id', '=', of.tenantId)
    .where('created_by', '=', of.keyId)
    .where('key', '=', of.key)
    .where('expires_at', '>', of.now),
)

const deleteExpiredKey = prepared((db, of: OwnKey) =>
  db
    .deleteFrom('idempotency_keys')
    .where('tenant_id', '=', of.tenantId)
    .where('created_by', '=', of.keyId)
    .where('key', '=', of.key)
    .where('expires_at', '<=', of.now),
)

/** Over all tenants, those that expired first; those that another node is removing are left to it. */
export const deleteExpiredIdempotencyKeys = prepared(
  (db, of: { now: number; limit: number }, { locksRows }) =>
    db.deleteFrom('idempotency_keys').where(eb => {
      const expired = eb
        .selectFrom('idempotency_keys as expired')
        .select(['expired.tenant_id', 'expired.created_by', 'expired.key'])
        .where('expired.expires_at', '<=', of.now)
        .orderBy('expired.expires_at')
        .limit(of.limit)
      return eb(
        eb.refTuple('tenant_id', 'created_by', 'key'),
        'in',
        (locksRows ? expired.forUpdate().skipLocked() : expired).$asTuple('tenant_id', 'created_by', 'key'),
      )
    }),
)
