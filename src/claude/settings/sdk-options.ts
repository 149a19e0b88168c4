import type { Options } from '@anthropic-ai/claude-agent-sdk'
import type { AgentListener, AgentSpec, TranscriptPart } from '../../sessions/ports/index.ts'
import { mirrorTranscripts } from '../transcript/transcript-mirror.ts'
import { schedulerOff } from '../turn/scheduled-work.ts'
import { toSettingOptions } from './session-options.ts'

export interface ClaudeSettings {
  /** The child's whole environment; nothing is added from this process's own. */
  environment: Readonly<Record<string, string>>
  /** Claude Code to run instead of the one that the SDK brings. */
  executable?: string | undefined
}

/** What the child gets beyond its configured environment; the configured values win. */
const protocolEnvironment = {
  // `system/session_state_changed` tells when a turn is really over; see SDK `SDKSessionStateChangedMessage`.
  CLAUDE_CODE_EMIT_SESSION_STATE_EVENTS: '1',
  CLAUDE_CODE_ENTRYPOINT: 'sdk-ts',
  DISABLE_AUTOUPDATER: '1',
  // `git status` runs without a permission, and this setting of a repository names a program.
  GIT_CONFIG_COUNT: '1',
  GIT_CONFIG_KEY_0: 'core.fsmonitor',
  GIT_CONFIG_VALUE_0: 'false',
}

/** What nothing replaces. */
const fixedEnvironment = {
  // Claude Code reads mentioned files outside every permission rule, also those in the arguments of a command. The
  // sessions read them instead, inside their own directories.
  CLAUDE_CODE_DISABLE_FILE_MENTIONS: '1',
}

/** The environment of a conversation's process. */
export function toEnvironment(
  settings: ClaudeSettings,
  own: Record<string, string> = {},
): Record<string, string> {
  return { ...protocolEnvironment, ...settings.environment, ...own, ...fixedEnvironment, ...schedulerOff }
}

/**
 * The SDK's options for a conversation's process.
 * @param listener gets the lines of the transcript; undefined: nothing is kept of conversations
 * @param given what it resumes from where Claude Code's own files cannot be used
 */
export function toSdkOptions(
  spec: AgentSpec,
  settings: ClaudeSettings,
  listener?: Pick<AgentListener, 'onTranscript'>,
  given?: readonly TranscriptPart[],
): Options {
  return {
    ...commonOptions(settings, spec.settings.agentEnv),
    cwd: spec.cwd,
    ...(spec.resume ? { resume: spec.claudeSessionId } : { sessionId: spec.claudeSessionId }),
    ...(spec.model !== null && { model: spec.model }),
    ...(spec.maxTurns !== null && { maxTurns: Math.max(1, spec.maxTurns - (spec.agenticTurns ?? 0)) }),
    permissionMode: spec.permissionMode,
    ...(spec.permissionMode === 'bypassPermissions' && { allowDangerouslySkipPermissions: true }),
    ...toSettingOptions(spec),
    // Claude Code takes up the call by itself as soon as it has started. With this flag it first reads the SDK's
    // `initialize` request, and with it the hooks that make it ask for the call and pass the answer on.
    ...(spec.continueAt !== undefined && { extraArgs: { 'await-initialize': null } }),
    includePartialMessages: true,
    // What subagents say is told as well, and not only which tools they call.
    forwardSubagentText: true,
    // An interrupt spares what runs in the background: there is a way to stop each task by itself.
    perTaskStopAffordance: true,
    ...(listener && {
      sessionStore: mirrorTranscripts(listener, spec.tenantId, given),
      // Each line at once: what a crash could lose is what Claude Code has not written yet.
      sessionStoreFlush: 'eager' as const,
    }),
  }
}

/** Options for a process that is only asked what it is. */
export function toInspectionOptions(settings: ClaudeSettings): Options {
  // Without tools, each that it has is listed as one that is taken away.
  return { ...commonOptions(settings), persistSession: false, tools: [] }
}

function commonOptions(settings: ClaudeSettings, own: Record<string, string> = {}): Options {
  return {
    env: toEnvironment(settings, own),
    ...(settings.executable !== undefined && { pathToClaudeCodeExecutable: settings.executable }),
    settingSources: [],
    // Nobody can be asked yet: what needs a person's permission is denied at once, and Claude is told so.
    permissionPrompts: 'none',
  }
}
