import type { ApiKey, CreateKeyRequest, ShownKey } from '../keys.ts'
import { ids, times } from './ids.ts'

const { keyId } = ids
const text = `ccak_${keyId}_n7Qe2ZfT0bYw5RkXc9LmVu3HsJd8GaPo1Ei6tB4yK0Zs2x`

export const createKeyRequests = {
  simple: { name: 'release bot', scopes: ['sessions:read', 'sessions:write'] },
  full: {
    name: 'support page',
    scopes: ['sessions:read', 'permissions:answer'],
    tenant: 'default',
    sessionId: ids.sessionId,
    limits: {
      requestsPerMinute: 120,
      activeSessions: 5,
      runningTurns: 2,
      turnsPerHour: 60,
      spendPerDayUsd: 20,
      spendPerMonthUsd: 200,
    },
    expiresAt: '2030-01-01T00:00:00.000Z',
  },
} satisfies Record<string, CreateKeyRequest>

export const apiKey: ApiKey = {
  keyId,
  prefix: `ccak_${keyId}`,
  name: 'support page',
  tenant: 'default',
  scopes: ['sessions:read', 'permissions:answer'],
  sessionId: ids.sessionId,
  limits: createKeyRequests.full.limits,
  status: 'active',
  createdAt: times.created,
  createdBy: ids.configuredKeyId,
  expiresAt: '2030-01-01T00:00:00.000Z',
  revokedAt: null,
  lastUsedAt: times.ended,
  previousValidUntil: null,
}
export const replacedKey: ApiKey = { ...apiKey, previousValidUntil: times.permissionExpires }
export const revokedKey: ApiKey = { ...apiKey, status: 'revoked', revokedAt: times.ended }
export const createdKey: ShownKey = { ...apiKey, lastUsedAt: null, key: text }
export const rotatedKey: ShownKey = { ...replacedKey, key: text }
