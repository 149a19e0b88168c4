import { isDeepStrictEqual } from 'node:util'
import { runsInShell, subjectFieldOf } from '../../contract/claude-tools.ts'
import type { PermissionSuggestion } from '../../contract/permissions.ts'

type Input = Record<string, unknown>

/** A call that was allowed for the rest of the session. */
export interface RememberedCall extends PermissionSuggestion {
  type: 'call'
  toolName: string
  /** The part of the input that another call has to have as well. */
  input: Input
}

/** Fields of commands that change nothing about what runs. */
const incidental: ReadonlySet<string> = new Set(['description', 'timeout', 'timeout_ms'])

/** The call as it is remembered: the same command, the same file, the same address. */
export function toRememberedCall(toolName: string, input: Input): RememberedCall {
  return { type: 'call', toolName, input: toSubject(toolName, input) }
}

/** Whether such a call was allowed for the rest of the session. */
export function isRemembered(
  remembered: readonly PermissionSuggestion[],
  { kind, toolName, input }: { kind: string; toolName: string; input: Input },
): boolean {
  if (kind !== 'tool') return false
  const wanted = toRememberedCall(toolName, input)
  return remembered.some(call => isDeepStrictEqual(call, wanted))
}

function toSubject(toolName: string, input: Input): Input {
  // Tools without such a field are known by their whole input.
  const subject = subjectFieldOf(toolName)
  if (subject !== undefined && input[subject] !== undefined) return { [subject]: input[subject] }
  if (!runsInShell(toolName)) return input
  return Object.fromEntries(Object.entries(input).filter(([name]) => !incidental.has(name)))
}
