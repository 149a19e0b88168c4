import { isDeepStrictEqual } from 'node:util'
import type { PermissionSuggestion } from '../../contract/permissions.ts'

type Input = Record<string, unknown>

/** A call that was allowed for the rest of the session. */
export interface RememberedCall extends PermissionSuggestion {
  type: 'call'
  toolName: string
  /** The part of the input that another call has to have as well. */
  input: Input
}

/** Tools with a field that says what they do it to; the others are known by their whole input. */
const subjects: Readonly<Record<string, string>> = {
  Read: 'file_path',
  Write: 'file_path',
  Edit: 'file_path',
  MultiEdit: 'file_path',
  NotebookEdit: 'notebook_path',
  WebFetch: 'url',
}

/** Fields of commands that change nothing about what runs. */
const incidental: ReadonlySet<string> = new Set(['description', 'timeout', 'timeout_ms'])
const commandTools: ReadonlySet<string> = new Set(['Bash', 'PowerShell', 'Monitor'])

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
  const subject = subjects[toolName]
  if (subject !== undefined && input[subject] !== undefined) return { [subject]: input[subject] }
  if (!commandTools.has(toolName)) return input
  return Object.fromEntries(Object.entries(input).filter(([name]) => !incidental.has(name)))
}
