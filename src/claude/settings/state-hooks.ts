import type { HookCallback, HookInput, Options } from '@anthropic-ai/claude-agent-sdk'
import type { AgentListener, AgentSpec } from '../../sessions/ports/index.ts'

type Hooks = NonNullable<Options['hooks']>

/** Tools that change the permission mode or the shell's directory. */
const stateTools = 'Bash|PowerShell|EnterPlanMode|ExitPlanMode|EnterWorktree|ExitWorktree'
/** The timeout in seconds; the store responds much sooner. */
const timeout = 90

/**
 * Reports changes of a process's state (SDK option `hooks`); Claude continues after the change is stored. If a new
 * process is in another directory than the earlier one, tells Claude so.
 */
export function toStateHooks(
  listener: Pick<AgentListener, 'onState'>,
  workingDirectory: string | null,
): Hooks {
  let left = workingDirectory
  const reportDirectory = (input: HookInput): string | undefined => {
    const before = left
    left = null
    if (before === null || before === input.cwd) return undefined
    return `Claude Code was restarted. The working directory of the shell is ${input.cwd} again; it was ${before}.`
  }
  const afterTool: HookCallback = async input => {
    const told = reportDirectory(input)
    if (input.hook_event_name === 'PostToolUse' && input.agent_id === undefined) {
      await listener.onState({ ...toMode(input), workingDirectory: input.cwd })
    }
    return told === undefined
      ? {}
      : { hookSpecificOutput: { hookEventName: 'PostToolUse', additionalContext: told } }
  }
  const onPrompt: HookCallback = async input => {
    const told = reportDirectory(input)
    return told === undefined
      ? {}
      : { hookSpecificOutput: { hookEventName: 'UserPromptSubmit', additionalContext: told } }
  }
  const onModel: HookCallback = async input => {
    if (input.hook_event_name === 'PostModelSwitch' && isByCommand(input.source)) {
      await listener.onState({ model: input.requested_model })
    }
    return {}
  }
  return {
    PostToolUse: [{ timeout, matcher: stateTools, hooks: [afterTool] }],
    ...(workingDirectory !== null && { UserPromptSubmit: [{ timeout, hooks: [onPrompt] }] }),
    PostModelSwitch: [{ timeout, hooks: [onModel] }],
  }
}

/** Whether Claude changed the mode, rather than this server or a temporary fallback of Claude Code. */
function isByCommand(source: string): boolean {
  return source === 'command' || source === 'picker'
}

function toMode({ permission_mode: mode }: HookInput) {
  return mode === undefined ? {} : { permissionMode: mode as AgentSpec['permissionMode'] }
}
