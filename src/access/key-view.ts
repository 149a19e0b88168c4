import type { ApiKey } from '../contract/keys.ts'
import { toTimestamp } from '../contract/primitives.ts'
import type { ApiKeyRecord } from '../sessions/ports/index.ts'
import { statusOf } from './key-registry.ts'
import { toKeyPrefix } from './key-text.ts'

/** A key as it may be shown. */
export function toApiKey(record: ApiKeyRecord): ApiKey {
  const { id, name, tenantId, scopes, sessionId, limits, createdBy } = record
  const now = Date.now()
  const status = statusOf(record, now)
  const previousUntil = status === 'active' && (record.previousUntil ?? 0) > now ? record.previousUntil : null
  return {
    ...{ keyId: id, prefix: toKeyPrefix(id), name, tenant: tenantId, scopes, sessionId, limits, status },
    createdAt: toTimestamp(record.createdAt),
    createdBy,
    expiresAt: orNull(record.expiresAt),
    revokedAt: orNull(record.revokedAt),
    lastUsedAt: orNull(record.lastUsedAt),
    previousValidUntil: orNull(previousUntil),
  }
}

function orNull(at: number | null): string | null {
  return at === null ? null : toTimestamp(at)
}
