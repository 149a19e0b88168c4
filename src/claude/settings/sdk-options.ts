import type { Options } from '@anthropic-ai/claude-agent-sdk'
import type { AgentListener, AgentSpec, TranscriptPart } from '../../sessions/ports/index.ts'
import { boxConfigDirectory } from '../isolation/box.ts'
import { mirrorTranscripts } from '../transcript/transcript-mirror.ts'
import { schedulerOff } from '../turn/scheduled-work.ts'
import { toSettingOptions } from './session-options.ts'

export interface ClaudeSettings {
  /** The child's whole environment; nothing is inherited from this process. */
  environment: Readonly<Record<string, string>>
  /** The Claude Code executable; undefined: the one that the SDK ships. */
  executable?: string | undefined
}

/** Defaults for the child's environment, which configured values override. */
const protocolEnvironment = {
  // Enables `system/session_state_changed`, which reports the real end of a turn; see `SDKSessionStateChangedMessage`.
  CLAUDE_CODE_EMIT_SESSION_STATE_EVENTS: '1',
  CLAUDE_CODE_ENTRYPOINT: 'sdk-ts',
  DISABLE_AUTOUPDATER: '1',
  // `git status` runs without permission, and this setting of a repository could name a program.
  GIT_CONFIG_COUNT: '1',
  GIT_CONFIG_KEY_0: 'core.fsmonitor',
  GIT_CONFIG_VALUE_0: 'false',
}

/** Variables that cannot be overridden. */
const fixedEnvironment = {
  // Claude Code reads mentioned files without checking permission rules, even in arguments of a command. The server
  // reads them instead, inside the session's directories.
  CLAUDE_CODE_DISABLE_FILE_MENTIONS: '1',
}

/**
 * Builds the environment of a conversation's process.
 * @param isBoxed whether it runs in a box, where the configuration directory is another one. The SDK needs to know it
 */
export function toEnvironment(
  settings: ClaudeSettings,
  own: Record<string, string> = {},
  isBoxed = false,
): Record<string, string> {
  return {
    ...protocolEnvironment,
    ...settings.environment,
    ...own,
    ...fixedEnvironment,
    ...schedulerOff,
    ...(isBoxed && { CLAUDE_CONFIG_DIR: boxConfigDirectory }),
  }
}

/**
 * Builds the SDK's options for a conversation's process.
 * @param listener gets the lines of the transcript; undefined: transcripts are not stored
 * @param given the transcript to resume from if Claude Code's own files cannot be used
 */
export function toSdkOptions(
  spec: AgentSpec,
  settings: ClaudeSettings,
  listener?: Pick<AgentListener, 'onTranscript'>,
  given?: readonly TranscriptPart[],
  isBoxed = false,
): Options {
  return {
    ...commonOptions(settings, isBoxed, spec.settings.agentEnv),
    cwd: spec.cwd,
    ...(spec.resume ? { resume: spec.claudeSessionId } : { sessionId: spec.claudeSessionId }),
    ...(spec.model !== null && { model: spec.model }),
    ...(spec.maxTurns !== null && { maxTurns: Math.max(1, spec.maxTurns - (spec.agenticTurns ?? 0)) }),
    permissionMode: spec.permissionMode,
    ...(spec.permissionMode === 'bypassPermissions' && { allowDangerouslySkipPermissions: true }),
    ...toSettingOptions(spec),
    // Claude Code resumes the call as soon as it has started. This flag makes it first read the SDK's `initialize`
    // request with the hooks that make it ask about the call and pass on the answer.
    ...(spec.continueAt !== undefined && { extraArgs: { 'await-initialize': null } }),
    includePartialMessages: true,
    // Report the texts of subagents too, not only their tool calls.
    forwardSubagentText: true,
    // An interrupt does not end background tasks, which can be stopped individually.
    perTaskStopAffordance: true,
    ...(listener && {
      sessionStore: mirrorTranscripts(listener, spec.tenantId, given),
      // Flush each line at once, so that a crash loses only lines that Claude Code has not written yet.
      sessionStoreFlush: 'eager' as const,
    }),
  }
}

/** Builds the options for the process of an inspection. */
export function toInspectionOptions(settings: ClaudeSettings, isBoxed: boolean): Options {
  // With an empty list of tools, all available tools are reported as removed.
  return { ...commonOptions(settings, isBoxed), persistSession: false, tools: [] }
}

function commonOptions(
  settings: ClaudeSettings,
  isBoxed: boolean,
  own: Record<string, string> = {},
): Options {
  return {
    env: toEnvironment(settings, own, isBoxed),
    ...(settings.executable !== undefined && { pathToClaudeCodeExecutable: settings.executable }),
    settingSources: [],
    // No person can be asked, so requests for permission are denied at once, and Claude is told so.
    permissionPrompts: 'none',
  }
}
