import type { IdempotencyRecord, IdempotencyStore } from '../sessions/ports/index.ts'
import type { GroupCommit } from './group-commit.ts'
import type { Connection } from './node-sqlite.ts'
import type { QueryBuilder } from './schema.ts'

/** How many expired keys go with each one that comes, so that there are never many more than a day's. */
const removedWithEach = 10

/** What requests with a key have led to. */
export function createIdempotency(
  connection: Connection,
  writer: GroupCommit,
  ensureOpen: () => void,
): IdempotencyStore {
  const { db } = connection
  return {
    async findIdempotencyKey(tenantId, keyId, key, now) {
      ensureOpen()
      const row = connection.first(selectIdempotencyKey(db, tenantId, keyId, key, now))
      if (!row) return undefined
      const { session_id: sessionId, turn_id: turnId, fingerprint, expires_at: expiresAt } = row
      return { tenantId, keyId, key, fingerprint, sessionId, turnId, expiresAt }
    },

    async removeExpiredIdempotencyKeys(now, limit) {
      ensureOpen()
      return writer.write(() => connection.run(deleteExpiredIdempotencyKeys(db, now, limit)))
    },
  }
}

/**
 * To be called within a transaction, when the session is stored.
 * @throws when the key is taken
 */
export function writeIdempotencyKey(connection: Connection, record: IdempotencyRecord, now: number): void {
  const { tenantId, keyId, key, fingerprint, sessionId, turnId, expiresAt } = record
  const owner = { tenant_id: tenantId, created_by: keyId, key }
  const { db } = connection
  connection.run(
    db
      .deleteFrom('idempotency_keys')
      .where('tenant_id', '=', tenantId)
      .where('created_by', '=', keyId)
      .where('key', '=', key)
      .where('expires_at', '<=', now),
  )
  connection.run(deleteExpiredIdempotencyKeys(db, now, removedWithEach))
  connection.run(
    db.insertInto('idempotency_keys').values({
      ...owner,
      fingerprint,
      session_id: sessionId,
      turn_id: turnId,
      expires_at: expiresAt,
    }),
  )
}

export function selectIdempotencyKey(
  db: QueryBuilder,
  tenantId: string,
  keyId: string,
  key: string,
  now: number,
) {
  return db
    .selectFrom('idempotency_keys')
    .selectAll()
    .where('tenant_id', '=', tenantId)
    .where('created_by', '=', keyId)
    .where('key', '=', key)
    .where('expires_at', '>', now)
}

/** Over all tenants, those that expired first. */
export function deleteExpiredIdempotencyKeys(db: QueryBuilder, now: number, limit: number) {
  return db
    .deleteFrom('idempotency_keys')
    .where(eb =>
      eb(
        eb.refTuple('tenant_id', 'created_by', 'key'),
        'in',
        eb
          .selectFrom('idempotency_keys as expired')
          .select(['expired.tenant_id', 'expired.created_by', 'expired.key'])
          .where('expired.expires_at', '<=', now)
          .orderBy('expired.expires_at')
          .limit(limit)
          .$asTuple('tenant_id', 'created_by', 'key'),
      ),
    )
}
