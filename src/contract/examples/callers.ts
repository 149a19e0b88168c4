import type { CallerResponse, Ticket } from '../callers.ts'
import { ids, times } from './ids.ts'

export const keyCaller: CallerResponse = {
  keyId: ids.keyId,
  name: 'support page',
  tenant: 'default',
  scopes: ['sessions:read', 'permissions:answer'],
  sessionId: ids.sessionId,
  administersServer: false,
  expiresAt: '2030-01-01T00:00:00.000Z',
}
export const administrator: CallerResponse = {
  keyId: ids.configuredKeyId,
  name: null,
  tenant: 'default',
  scopes: [
    ...(['sessions:read', 'sessions:write', 'permissions:answer'] as const),
    ...(['workspace:read', 'workspace:write', 'usage:read', 'admin'] as const),
  ],
  sessionId: null,
  administersServer: true,
  expiresAt: null,
}
export const ticket: Ticket = {
  ticket: 'ticket_Jx4mVq8Zt2Lw7Rb0Yc5Nf9Hs3Kd6Pg1Ae8Uo4Ti2Xk0',
  expiresAt: times.ended,
}
