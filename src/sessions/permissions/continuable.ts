import { runsInShell } from '../../contract/claude-tools.ts'
import type { PermissionRecord } from '../records.ts'

/**
 * Whether a turn can continue at such a request in a new process: only a tool call of the main conversation is in the
 * transcript that a process takes up, and a command must not run in another directory than the one it was allowed in.
 *
 * @param isShellElsewhere whether the shell has left the directory that a new process begins in
 */
export function canBeContinued(
  { kind, toolName, toolUseId, request }: PermissionRecord,
  isShellElsewhere: boolean,
): boolean {
  if (isShellElsewhere && runsInShell(toolName)) return false
  // Of the hooks, only this one is asked again for the call.
  if (kind === 'hook' && request.hook?.event !== 'PreToolUse') return false
  return toolUseId !== null && kind !== 'elicitation' && request.agentId === null
}
