import { randomUUID } from 'node:crypto'
import type { PermissionQuestion, PermissionRecord } from '../records.ts'
import type { OpenTurn } from '../turns/turn.ts'

/** Creates a pending request. */
export function newPermission(
  owner: { tenantId: string; sessionId: string },
  turn: OpenTurn | undefined,
  { kind, toolName, toolUseId, timeoutMs: own, ...request }: PermissionQuestion,
  now: number,
  timeoutMs: number,
): PermissionRecord {
  return {
    ...owner,
    id: randomUUID(),
    turnId: turn?.record.id ?? null,
    kind,
    toolName,
    toolUseId,
    request,
    status: 'pending',
    answer: null,
    runsWith: null,
    requestedAt: now,
    expiresAt: now + (own ?? timeoutMs),
    decidedAt: null,
    decidedBy: null,
    message: null,
    updatedInput: null,
    remembered: [],
  }
}
