import type { HookCallbackMatcher } from '@anthropic-ai/claude-agent-sdk'

/**
 * Turns off Claude Code's scheduler. Scheduled work lives in the process and is lost when the process is ended for
 * being idle, is evicted, or dies. The scheduler also runs `.claude/scheduled_tasks.json` of a repository, without a
 * prompt and regardless of `settingSources`. CronCreate, CronList, CronDelete and `/loop` are turned off with it.
 */
export const schedulerOff = { CLAUDE_CODE_DISABLE_CRON: '1' }

const refusal =
  'Scheduled work is not available on this server: the wake-up would be lost when the idle process ends. ' +
  'Finish the work now, wait for it with a background command, or ask the user to send a message later.'

/** Denies ScheduleWakeup, which exists even without the scheduler but has no effect. */
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
