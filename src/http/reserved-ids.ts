import { invalidField } from '../contract/errors.ts'

/** UUIDs of version 8 (RFC 9562), which doors derive from the ids of their clients. */
const derived = /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-/i

/**
 * Keeps the ids of chats and threads free: who knows their names could take them in another tenant, or ask whether
 * they are there.
 *
 * @param isInner whether a door has sent the request
 * @throws ServiceError INVALID_REQUEST
 */
export function refuseReservedId(sessionId: unknown, isInner: boolean): void {
  if (isInner || typeof sessionId !== 'string' || !derived.test(sessionId)) return
  throw invalidField('sessionId', 'must not be a UUID of version 8: those belong to doors')
}
