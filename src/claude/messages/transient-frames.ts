import type { SDKMessage } from '@anthropic-ai/claude-agent-sdk'

const transientTypes = new Set([
  'stream_event',
  'command_lifecycle',
  'keep_alive',
  'tool_progress',
  'auth_status',
  'prompt_suggestion',
])
const transientSubtypes = new Set([
  'session_state_changed',
  'status',
  'thinking_tokens',
  'commands_changed',
  'task_progress',
  'background_tasks_changed',
  'hook_started',
  'hook_progress',
])

/** Whether a frame tells of the process and not of the conversation: such are not stored. */
export function isTransient(message: SDKMessage): boolean {
  return (
    transientTypes.has(message.type) || (message.type === 'system' && transientSubtypes.has(message.subtype))
  )
}
