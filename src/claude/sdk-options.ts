import type { Options } from '@anthropic-ai/claude-agent-sdk'
import type { AgentSpec, TranscriptStore } from '../sessions/ports.ts'
import { mirrorTranscripts } from './transcript-mirror.ts'

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
}

/** The SDK's options for a conversation's process. */
export function toSdkOptions(
  spec: AgentSpec,
  settings: ClaudeSettings,
  transcripts?: TranscriptStore,
): Options {
  return {
    ...commonOptions(settings),
    cwd: spec.cwd,
    ...(spec.resume ? { resume: spec.claudeSessionId } : { sessionId: spec.claudeSessionId }),
    ...(spec.model !== null && { model: spec.model }),
    ...(spec.maxTurns !== null && { maxTurns: spec.maxTurns }),
    permissionMode: spec.permissionMode,
    ...(spec.permissionMode === 'bypassPermissions' && { allowDangerouslySkipPermissions: true }),
    systemPrompt: {
      type: 'preset',
      preset: 'claude_code',
      ...(spec.appendSystemPrompt !== null && { append: spec.appendSystemPrompt }),
    },
    includePartialMessages: true,
    ...(transcripts && {
      sessionStore: mirrorTranscripts(transcripts, spec.tenantId),
      // Each line at once: what a crash could lose is what Claude Code has not written yet.
      sessionStoreFlush: 'eager' as const,
    }),
  }
}

/** Options for a process that is only asked what it is. */
export function toInspectionOptions(settings: ClaudeSettings): Options {
  return { ...commonOptions(settings), persistSession: false }
}

function commonOptions(settings: ClaudeSettings): Options {
  return {
    env: { ...protocolEnvironment, ...settings.environment },
    ...(settings.executable !== undefined && { pathToClaudeCodeExecutable: settings.executable }),
    settingSources: ['project'],
    // Nobody can be asked yet: what needs a person's permission is denied at once, and Claude is told so.
    permissionPrompts: 'none',
  }
}
