import { randomUUID } from 'node:crypto'
import { defaultSettings } from '../../src/contract/session-settings.ts'
import type { AgentListener, AgentSpec } from '../../src/sessions/ports/index.ts'

/** How the process of a session that asks for nothing in particular is started, in a new conversation. */
export function plainSpec(cwd: string, more: Partial<AgentSpec> = {}): AgentSpec {
  return {
    tenantId: 'default',
    claudeSessionId: randomUUID(),
    resume: false,
    cwd,
    model: null,
    permissionMode: 'default',
    appendSystemPrompt: null,
    maxTurns: null,
    settings: defaultSettings,
    settingSources: [],
    instructions: null,
    remembered: [],
    workingDirectory: null,
    ...more,
  }
}

/** Hears everything, and does nothing but what is given. */
export function listenerWith(given: Partial<AgentListener> = {}): AgentListener {
  return {
    onMessage: () => {},
    onDelta: () => {},
    onDeltaVoided: () => {},
    onActivity: () => {},
    onSuggestion: () => {},
    onFigures: () => {},
    onConversation: async () => {},
    onIdentity: () => {},
    onState: async () => {},
    onPermission: async () => ({ allow: false, input: null, updates: [], message: null }),
    onBeforeTool: async () => {},
    onAfterTool: async () => {},
    onTranscript: () => {},
    onTranscriptLost: () => {},
    onTask: () => {},
    onAutonomousWorkStart: () => {},
    onAutonomousWorkEnd: () => {},
    ...given,
  }
}
