import type { HookCallback, HookInput, Options } from '@anthropic-ai/claude-agent-sdk'
import type { Log } from '../../lib/log.ts'
import type { AgentListener, AgentSpec, ToolUse } from '../../sessions/ports/index.ts'
import type { PermissionAnswer, PermissionQuestion } from '../../sessions/records.ts'
import { refuseListing } from '../messages/other-sessions.ts'
import { toStateHooks } from '../settings/state-hooks.ts'
import { refuseWakeups } from '../turn/scheduled-work.ts'

/** Tools that change files, or start what does; a regular expression of Claude Code's. */
const writingTools = 'Bash|PowerShell|Write|Edit|MultiEdit|NotebookEdit|Agent|Task|Skill|Monitor|mcp__.*'
const fileTools = 'Write|Edit|MultiEdit|NotebookEdit'
/** Claude Code gives these none either. */
const agentsWithoutMemory = new Set(['Explore', 'Plan', 'statusline-setup'])
/** In seconds. A tool does not wait longer; whoever listens has a shorter bound of its own. */
const timeout = 90
/** In seconds: a hook that takes too long would let the call run unasked. */
const askTimeout = 2_000_000

/**
 * Tells of tools before and after they run (SDK option `hooks`): unlike `canUseTool` in every permission mode, of
 * subagents too. What the listener does about it never keeps a tool from running.
 *
 * @param spec.continueAt a call that people have been asked for: whatever mode or rule would decide about it now,
 * their answer counts
 * @param spec.instructions what subagents are told as well
 */
export function toToolHooks(
  listener: Pick<AgentListener, 'onBeforeTool' | 'onAfterTool' | 'onState'>,
  log: Pick<Log, 'warn'>,
  spec: Partial<Pick<AgentSpec, 'continueAt' | 'workingDirectory' | 'instructions'>> = {},
): Pick<Options, 'hooks'> {
  const toCallback = (tell: (use: ToolUse) => Promise<void>): HookCallback => {
    return async input => {
      try {
        const use = toToolUse(input)
        if (use) await tell(use)
      } catch (error) {
        log.warn({ err: error }, 'a tool could not be told of')
      }
      return {}
    }
  }
  const before = { timeout, matcher: writingTools, hooks: [toCallback(use => listener.onBeforeTool(use))] }
  const after = { timeout, matcher: fileTools, hooks: [toCallback(use => listener.onAfterTool(use))] }
  const ask: HookCallback = async input => {
    if (!('tool_use_id' in input) || input.tool_use_id !== spec.continueAt) return {}
    return { hookSpecificOutput: { hookEventName: 'PreToolUse', permissionDecision: 'ask' } }
  }
  // A call whose hook fails does not run, and a Claude Code that does not know this setting does not start.
  const asking =
    spec.continueAt === undefined ? [] : [{ timeout: askTimeout, hooks: [ask], onFailure: 'block' as const }]
  const { PostToolUse: state = [], ...others } = toStateHooks(listener, spec.workingDirectory ?? null)
  return {
    hooks: {
      ...others,
      PreToolUse: [before, refuseWakeups, refuseListing, ...asking],
      PostToolUse: [after, ...state],
      PostToolUseFailure: [after],
      ...toMemoryHook(spec.instructions?.memory ?? ''),
    },
  }
}

/** Gives the memory of the session's directories to subagents, which do not have its system prompt. */
function toMemoryHook(memory: string): NonNullable<Options['hooks']> {
  if (memory === '') return {}
  const remind: HookCallback = async input => {
    if (!('agent_type' in input) || agentsWithoutMemory.has(input.agent_type ?? '')) return {}
    return { hookSpecificOutput: { hookEventName: 'SubagentStart', additionalContext: memory } }
  }
  return { SubagentStart: [{ hooks: [remind] }] }
}

/** A person may let a tool run on another file than the one that was told of. */
export async function tellOfChangedInput(
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

/** The file that a call of a tool changes; null: nobody knows which. */
export function findChangedFile(toolName: string, input: unknown): string | null {
  if (!new RegExp(`^(${fileTools})$`).test(toolName)) return null
  const { file_path, notebook_path } = (input ?? {}) as { file_path?: unknown; notebook_path?: unknown }
  const path = toolName === 'NotebookEdit' ? notebook_path : file_path
  return typeof path === 'string' && path !== '' ? path : null
}
