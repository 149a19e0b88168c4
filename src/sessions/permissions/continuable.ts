import type { PermissionRecord } from '../records.ts'

/**
 * Whether a turn can go on at such a request in a new process: only a tool call of the main conversation is in the
 * transcript that a process takes up.
 */
export function canBeContinued({ kind, toolUseId, request }: PermissionRecord): boolean {
  return toolUseId !== null && kind !== 'elicitation' && request.agentId === null
}
