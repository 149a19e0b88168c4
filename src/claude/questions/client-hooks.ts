import type { HookCallback, HookInput, Options, SyncHookJSONOutput } from '@anthropic-ai/claude-agent-sdk'
import {
  type ClientHookEvent,
  type ClientHooks,
  defaultHookTimeoutMs,
} from '../../contract/client-requests.ts'
import type { PermissionAnswer, PermissionQuestion } from '../../sessions/records.ts'
import { type AskPermission, titleOf } from './permission-callbacks.ts'

/** A hook and its place among those of its event. */
type ClientHook = NonNullable<ClientHooks[ClientHookEvent]>[number] & { index: number }

/** The answer comes earlier, or its request expires; a hook that times out here would count as failed. */
const slackSeconds = 60
/** Fields of hook inputs that are about this machine and Claude Code's own ids. */
const ofClaudeCode = new Set(['session_id', 'transcript_path', 'agent_transcript_path', 'prompt_id'])

/** Builds the hooks that the caller decides (SDK option `hooks`). */
export function toClientHooks(ask: AskPermission, hooks: ClientHooks = {}): NonNullable<Options['hooks']> {
  return Object.fromEntries(
    Object.entries(hooks).map(([event, list]) => [
      event,
      list.map((hook, index) => ({
        ...(hook.matcher !== undefined && { matcher: hook.matcher }),
        timeout: Math.ceil((hook.timeoutMs ?? defaultHookTimeoutMs) / 1000) + slackSeconds,
        hooks: [toCallback(event as ClientHookEvent, { ...hook, index }, ask)],
        ...(hook.onFailure && { onFailure: hook.onFailure }),
      })),
    ]),
  )
}

function toCallback(event: ClientHookEvent, hook: ClientHook, ask: AskPermission): HookCallback {
  return async (input, _toolUseId, { signal }) => {
    const answer = await ask(toQuestion(event, hook, input), signal)
    if (answer.allow && answer.output) return answer.output as SyncHookJSONOutput
    return hook.onFailure === 'block' ? toRefusal(event, answer) : {}
  }
}

function toQuestion(event: ClientHookEvent, hook: ClientHook, input: HookInput): PermissionQuestion {
  const { tool_name, tool_use_id, tool_input, agent_id } = input as Partial<{
    tool_name: string
    tool_use_id: string
    tool_input: Record<string, unknown>
    agent_id: string
  }>
  return {
    kind: 'hook',
    toolName: tool_name ?? event,
    toolUseId: tool_use_id ?? null,
    agentId: agent_id ?? null,
    input: typeof tool_input === 'object' && tool_input !== null ? tool_input : {},
    title: titleOf('hook', event),
    description: null,
    suggestions: [],
    elicitation: null,
    hook: { event, input: toShown(input) },
    ...(event === 'PreToolUse' && { hookIndex: hook.index }),
    timeoutMs: hook.timeoutMs ?? defaultHookTimeoutMs,
  }
}

function toShown(input: HookInput): Record<string, unknown> {
  return Object.fromEntries(Object.entries(input).filter(([name]) => !ofClaudeCode.has(name)))
}

/** Refuses the action: no answer came, or the caller's hook has failed. */
function toRefusal(event: ClientHookEvent, { message }: PermissionAnswer): SyncHookJSONOutput {
  const reason = message ?? 'The hook gave no answer.'
  if (event !== 'PreToolUse') return { decision: 'block', reason }
  return {
    hookSpecificOutput: {
      hookEventName: 'PreToolUse',
      permissionDecision: 'deny',
      permissionDecisionReason: reason,
    },
  }
}
