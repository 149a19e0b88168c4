import type { HookCallback, HookInput, Options } from '@anthropic-ai/claude-agent-sdk'
import type { Log } from '../../lib/log.ts'
import type { AgentListener, AgentSpec, ToolUse } from '../../sessions/ports/index.ts'
import type { PermissionAnswer, PermissionQuestion } from '../../sessions/records.ts'
import { refuseListing } from '../messages/other-sessions.ts'
import { toStateHooks } from '../settings/state-hooks.ts'
import { refuseWakeups } from '../turn/scheduled-work.ts'
import { guardCalls } from './lease-guard.ts'

/** Tools that change files or start programs that do, as a matcher of Claude Code. */
const writingTools = 'Bash|PowerShell|Write|Edit|MultiEdit|NotebookEdit|Agent|Task|Skill|Monitor|mcp__.*'
const fileTools = 'Write|Edit|MultiEdit|NotebookEdit'
/** Subagents that get no memory from Claude Code either. */
const agentsWithoutMemory = new Set(['Explore', 'Plan', 'statusline-setup'])
/** The timeout in seconds for which a tool waits; listeners have shorter limits of their own. */
const timeout = 90
/** The timeout in seconds; a hook that times out would let the call run without permission. */
const askTimeout = 2_000_000

/**
 * Reports tools before and after they run (SDK option `hooks`), in all permission modes, unlike `canUseTool`, and for
 * subagents too. The listener never keeps a tool from running.
 *
 * @param spec.continueAt a call that a person was asked about: the answer decides, regardless of modes and rules
 * @param spec.continueAs a tool of the caller runs; a hook is asked again by itself
 * @param spec.instructions instructions for subagents
 * @param mayAct refuses calls while it returns false; undefined: none are refused
 */
export function toToolHooks(
  listener: Pick<AgentListener, 'onBeforeTool' | 'onAfterTool' | 'onState'>,
  log: Pick<Log, 'warn'>,
  spec: Partial<Pick<AgentSpec, 'continueAt' | 'continueAs' | 'workingDirectory' | 'instructions'>> = {},
  mayAct?: () => boolean,
): Pick<Options, 'hooks'> {
  const toCallback = (tell: (use: ToolUse) => Promise<void>): HookCallback => {
    return async input => {
      try {
        const use = toToolUse(input)
        if (use) await tell(use)
      } catch (error) {
        log.warn({ err: error }, 'tool report failed')
      }
      return {}
    }
  }
  const before = { timeout, matcher: writingTools, hooks: [toCallback(use => listener.onBeforeTool(use))] }
  const after = { timeout, matcher: fileTools, hooks: [toCallback(use => listener.onAfterTool(use))] }
  const ask: HookCallback = async input => {
    if (!('tool_use_id' in input) || input.tool_use_id !== spec.continueAt) return {}
    const permissionDecision = spec.continueAs === 'client_tool' ? 'allow' : 'ask'
    return { hookSpecificOutput: { hookEventName: 'PreToolUse', permissionDecision } }
  }
  // A call whose hook fails does not run. A Claude Code without this setting does not start.
  const asking =
    spec.continueAt === undefined || spec.continueAs === 'hook'
      ? []
      : [{ timeout: askTimeout, hooks: [ask], onFailure: 'block' as const }]
  const { PostToolUse: state = [], ...others } = toStateHooks(listener, spec.workingDirectory ?? null)
  return {
    hooks: {
      ...others,
      PreToolUse: [mayAct ? guardCalls(mayAct, before) : before, refuseWakeups, refuseListing, ...asking],
      PostToolUse: [after, ...state],
      PostToolUseFailure: [after],
      ...toMemoryHook(spec.instructions?.memory ?? ''),
    },
  }
}

/** Passes the memory of the session's directories to subagents, which do not get the system prompt. */
function toMemoryHook(memory: string): NonNullable<Options['hooks']> {
  if (memory === '') return {}
  const remind: HookCallback = async input => {
    if (!('agent_type' in input) || agentsWithoutMemory.has(input.agent_type ?? '')) return {}
    return { hookSpecificOutput: { hookEventName: 'SubagentStart', additionalContext: memory } }
  }
  return { SubagentStart: [{ hooks: [remind] }] }
}

/** Returns the actual input, because a person may have changed the file that a tool runs on. */
export async function reportChangedInput(
  { toolUseId, toolName, agentId }: PermissionQuestion,
  { allow, input }: PermissionAnswer,
  listener: Pick<AgentListener, 'onBeforeTool'>,
): Promise<void> {
  const file = allow && input ? findChangedFile(toolName, input) : null
  if (file === null || toolUseId === null) return
  await listener.onBeforeTool({ toolUseId, toolName, agentId, file })
}

function toToolUse(input: HookInput): ToolUse | undefined {
  if (!('tool_use_id' in input) || !('tool_input' in input) || input.tool_use_id === undefined)
    return undefined
  const { tool_use_id, tool_name, tool_input, agent_id } = input
  return {
    toolUseId: tool_use_id,
    toolName: tool_name,
    agentId: agent_id ?? null,
    file: findChangedFile(tool_name, tool_input),
  }
}

/** Returns the file that a tool call changes; null: unknown. */
export function findChangedFile(toolName: string, input: unknown): string | null {
  if (!new RegExp(`^(${fileTools})$`).test(toolName)) return null
  const { file_path, notebook_path } = (input ?? {}) as { file_path?: unknown; notebook_path?: unknown }
  const path = toolName === 'NotebookEdit' ? notebook_path : file_path
  return typeof path === 'string' && path !== '' ? path : null
}
