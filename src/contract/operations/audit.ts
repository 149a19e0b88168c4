import { listAuditQuery, listAuditResponse } from '../audit.ts'
import { defaults, type Operation } from '../operation.ts'

export const auditOperations = {
  listAudit: {
    ...defaults,
    method: 'get',
    path: '/audit',
    tag: 'Audit',
    summary: 'Read the audit log: who did what, when and from where',
    scopes: ['admin'],
    reach: 'tenant',
    query: listAuditQuery,
    success: [{ status: 200, description: 'One page', schema: listAuditResponse }],
    errors: ['TENANT_NOT_ALLOWED'],
    audit: { action: 'audit.read', when: 'answer', fields: ['keyId', 'action', 'outcome'] },
    fault: 'INTERNAL',
  },
} as const satisfies Record<string, Operation>
