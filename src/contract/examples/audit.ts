import type { AuditEntry } from '../audit.ts'
import { ids, times } from './ids.ts'

const caller = {
  tenant: 'default',
  keyId: ids.configuredKeyId,
  name: 'shop bot',
  address: '203.0.113.7',
  requestId: ids.requestId,
  errorCode: null,
  outcome: 'done',
  count: 1,
} as const

export const auditEntries: Record<'answered' | 'prompted' | 'refused' | 'wrongKeys', AuditEntry> = {
  answered: {
    ...caller,
    auditId: '019cadd1-a7d5-7000-8c4e-1f7a90b2d3e6',
    at: times.decided,
    action: 'permission.answer',
    sessionId: ids.sessionId,
    turnId: ids.turnId,
    details: { permissionId: ids.permissionId, decision: 'allow' },
  },
  prompted: {
    ...caller,
    auditId: '019cadd1-2e12-7000-9a5b-7c30e8d1f4a2',
    at: times.asked,
    action: 'prompt.send',
    sessionId: ids.sessionId,
    turnId: ids.turnId,
    details: {
      onBusy: 'queue',
      promptSha256: '7f83b1657ff1fc53b92dc18148a1d65dfc2d4b1fa3d677284addd200126d9069',
    },
  },
  refused: {
    ...caller,
    auditId: '019cadd1-9c40-7000-b6d8-3e5f1a7c9024',
    at: times.permission,
    action: 'file.write',
    outcome: 'refused',
    errorCode: 'SCOPE_REQUIRED',
    sessionId: ids.sessionId,
    turnId: null,
    details: { path: 'note.txt' },
  },
  wrongKeys: {
    auditId: '019cadd2-3f10-7000-a1c7-9d2e4b6f8035',
    at: times.retry,
    tenant: null,
    keyId: null,
    name: null,
    action: 'authenticate',
    outcome: 'refused',
    errorCode: 'INVALID_API_KEY',
    sessionId: null,
    turnId: null,
    address: '198.51.100.23',
    requestId: null,
    count: 212,
    details: {},
  },
}
