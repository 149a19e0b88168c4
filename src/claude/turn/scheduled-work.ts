import type { HookCallbackMatcher } from '@anthropic-ai/claude-agent-sdk'

/**
 * Turns Claude Code's scheduler off. It lives in the process: what it has accepted is forgotten when the process is
 * ended for idleness, makes room, or dies. It also runs what a repository has in `.claude/scheduled_tasks.json`,
 * without any prompt and whatever `settingSources` says. CronCreate, CronList, CronDelete and `/loop` are gone with it.
 */
export const schedulerOff = { CLAUDE_CODE_DISABLE_CRON: '1' }

const refusal =
  'Scheduled work is not available on this server: the wake-up would be lost when the idle process ends. ' +
  'Finish the work now, run what has to be waited for as a background command, or ask the user to send a message later.'

/** Refuses ScheduleWakeup, which stays without the scheduler and would never wake anything. */
export const refuseWakeups: HookCallbackMatcher = {
  matcher: 'ScheduleWakeup|CronCreate',
  hooks: [
    async input => {
      if (input.hook_event_name !== 'PreToolUse' || isStop(input.tool_input)) return {}
      const { hook_event_name: hookEventName } = input
      return {
        hookSpecificOutput: {
          hookEventName,
          permissionDecision: 'deny',
          permissionDecisionReason: refusal,
        },
      }
    },
  ],
}

function isStop(input: unknown): boolean {
  return typeof input === 'object' && input !== null && 'stop' in input && input.stop === true
}
