import type { HookCallbackMatcher, Options } from '@anthropic-ai/claude-agent-sdk'

/**
 * Keeps the sessions of one machine apart. Claude Code knows every other process with the same configuration
 * directory: ListAgents names them, and SendMessage gives them prompts, which they work on by themselves.
 */
export function withoutOtherSessions(options: Options): Options {
  const settings = { ...(options.settings as object | undefined), crossSessionInbound: 'refuse' as const }
  return { ...options, settings }
}

/** Refuses to list them: they may belong to other callers. */
export const refuseListing: HookCallbackMatcher = {
  matcher: 'ListAgents',
  hooks: [
    async input =>
      input.hook_event_name === 'PreToolUse'
        ? {
            hookSpecificOutput: {
              hookEventName: input.hook_event_name,
              permissionDecision: 'deny',
              permissionDecisionReason: 'Other sessions on this server cannot be listed or messaged.',
            },
          }
        : {},
  ],
}
