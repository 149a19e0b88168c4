import type { HookCallback, HookCallbackMatcher } from '@anthropic-ai/claude-agent-sdk'

const refusal =
  'This server has lost the right to run this session, so the tool call was not run. ' +
  'Another server continues the session. Stop here, without another tool call.'

/**
 * Refuses tool calls while the lease is not good, and reports to the listener only those that may run.
 *
 * @param before the report, made for tools that match
 */
export function guardCalls(
  mayAct: () => boolean,
  before: HookCallbackMatcher & { matcher: string },
): HookCallbackMatcher {
  const matches = new RegExp(`^(?:${before.matcher})$`)
  const guard: HookCallback = async (input, ...rest) => {
    if (input.hook_event_name !== 'PreToolUse') return {}
    if (!mayAct()) return deny
    if (!matches.test(input.tool_name)) return {}
    for (const report of before.hooks) await report(input, ...rest)
    // The report may have taken longer than the lease.
    return mayAct() ? {} : deny
  }
  const { timeout } = before
  // A call whose hook fails or takes too long does not run.
  return { ...(timeout !== undefined && { timeout }), hooks: [guard], onFailure: 'block' }
}

const deny = {
  hookSpecificOutput: {
    hookEventName: 'PreToolUse' as const,
    permissionDecision: 'deny' as const,
    permissionDecisionReason: refusal,
  },
}
