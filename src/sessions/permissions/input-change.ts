import { randomUUID } from 'node:crypto'
import type { NewEvent, PermissionRecord } from '../records.ts'

/**
 * The message that tells the history of a call whose input a person has changed: the transcript of Claude Code has
 * only the input that Claude gave.
 */
export function toInputChange(permission: PermissionRecord): NewEvent[] {
  const { id: permissionId, sessionId, turnId, toolName, toolUseId, request, updatedInput } = permission
  if (updatedInput === null) return []
  const id = randomUUID()
  const message = {
    type: 'system',
    subtype: 'tool_input_changed',
    uuid: id,
    session_id: sessionId,
    permission_id: permissionId,
    tool_name: toolName,
    tool_use_id: toolUseId,
    input: request.input,
    updated_input: updatedInput,
  }
  return [{ type: 'message', turnId, payload: { id, source: 'sdk', message } }]
}
