import type { PermissionRequest } from '../../contract/permissions.ts'
import { toTimestamp } from '../../contract/primitives.ts'
import type { PermissionRecord } from '../records.ts'

/** A request as everybody is shown it: in answers and in events. */
export function toPermissionRequest(permission: PermissionRecord): PermissionRequest {
  const { kind, request } = permission
  const { questions, plan } = request.input
  return {
    permissionId: permission.id,
    sessionId: permission.sessionId,
    turnId: permission.turnId,
    kind,
    toolName: permission.toolName,
    toolUseId: permission.toolUseId,
    agentId: request.agentId,
    input: request.input,
    title: request.title,
    description: request.description,
    suggestions: request.suggestions,
    ...(kind === 'question' && Array.isArray(questions) && { questions }),
    ...(kind === 'plan' && typeof plan === 'string' && { plan }),
    ...(request.elicitation && { elicitation: request.elicitation }),
    ...(request.hook && { hook: request.hook }),
    requestedAt: toTimestamp(permission.requestedAt),
    expiresAt: toTimestamp(permission.expiresAt),
    status: permission.status,
    decidedAt: permission.decidedAt === null ? null : toTimestamp(permission.decidedAt),
    decidedBy: permission.decidedBy,
    message: permission.message,
    updatedInput: permission.updatedInput,
    remembered: permission.remembered,
  }
}
