import type { ClientHookEvent, HookOutput } from '../../contract/client-requests.ts'
import { invalidField } from '../../contract/errors.ts'

type Specific = NonNullable<HookOutput['hookSpecificOutput']>

/** The fields that mean something for some events only. */
const specific: Readonly<Partial<Record<keyof Specific, readonly ClientHookEvent[]>>> = {
  permissionDecision: ['PreToolUse'],
  permissionDecisionReason: ['PreToolUse'],
  updatedInput: ['PreToolUse'],
  updatedToolOutput: ['PostToolUse'],
  additionalContext: ['PreToolUse', 'PostToolUse', 'PostToolUseFailure', 'UserPromptSubmit', 'SubagentStart'],
}

/** Events at which `decision` means something. */
const decided: readonly ClientHookEvent[] = [
  'PreToolUse',
  'PostToolUse',
  'UserPromptSubmit',
  'Stop',
  'SubagentStop',
]

/** @throws ServiceError INVALID_REQUEST that names a field which Claude Code would not follow at this event */
export function checkHookOutput(event: ClientHookEvent | undefined, output: HookOutput): void {
  if (event === undefined) return
  if (output.decision !== undefined && !decided.includes(event)) {
    throw invalidField('output.decision', `means nothing at ${event}`)
  }
  // Claude Code compacts all the same.
  if (event === 'PreCompact' && output.continue === false) {
    throw invalidField('output.continue', 'cannot be false at PreCompact: a compaction cannot be stopped')
  }
  const { hookSpecificOutput: own } = output
  if (!own) return
  if (own.hookEventName !== event) {
    throw invalidField('output.hookSpecificOutput.hookEventName', `must be ${event}`)
  }
  for (const [name, events] of Object.entries(specific)) {
    if (own[name as keyof Specific] === undefined || events.includes(event)) continue
    throw invalidField(`output.hookSpecificOutput.${name}`, `means nothing at ${event}`)
  }
}
