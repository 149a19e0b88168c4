import type { Options } from '@anthropic-ai/claude-agent-sdk'
import { NotSupportedError } from './errors.ts'

/** Options that a server cannot honour, with the reason. */
const refused: Partial<Record<keyof Options, string>> = {
  agent: 'sessions have no agent for the main conversation; use systemPrompt, tools and model',
  agentProgressSummaries: 'the server does not ask for summaries',
  betas: 'the server decides about beta features',
  executableArgs: 'the server starts Claude Code',
  extraArgs: 'the server starts Claude Code',
  includeHookEvents: 'the log of a session has no events of hooks',
  managedSettings: 'policies belong to the owner of the server',
  maxThinkingTokens: 'use thinking',
  onUserDialog: 'the server shows no dialogs',
  pathToClaudeCodeExecutable: 'the server starts Claude Code',
  permissionPromptToolName: 'use canUseTool',
  planModeInstructions: 'sessions have no such setting',
  plugins: 'plugins are installed on the server',
  projectConfigRoot: 'the server decides which directories it trusts',
  resumeDropsTurn: 'sessions are cut by POST /sessions/:id/rewind',
  resumeSessionAt: 'sessions are cut by POST /sessions/:id/fork and rewind, at turns',
  sandbox: 'isolation belongs to the owner of the server',
  sessionStore: 'the server stores transcripts',
  settings: 'sessions have settings of their own; see docs/guides/agent-sdk.md',
  spawnClaudeCodeProcess: 'the server starts Claude Code',
  supportedDialogKinds: 'the server shows no dialogs',
  taskBudget: 'sessions have no such setting',
  toolAliases: 'sessions have no such setting',
  toolConfig: 'sessions have no such setting',
}

/** Options without an effect on the conversation, or whose effect the server has anyway. */
const ignored: readonly (keyof Options)[] = [
  'debug',
  'debugFile',
  'enableFileCheckpointing',
  'executable',
  'loadTimeoutMs',
  'mcpServersDelivery',
  'perTaskStopAffordance',
  'pluginDelivery',
  'sessionStoreFlush',
  'stderr',
]

const honoured: readonly (keyof Options)[] = [
  'abortController',
  'additionalDirectories',
  'agents',
  'allowDangerouslySkipPermissions',
  'allowedTools',
  'canUseTool',
  'continue',
  'cwd',
  'disallowedTools',
  'effort',
  'env',
  'fallbackModel',
  'forkSession',
  'forwardSubagentText',
  'hooks',
  'includePartialMessages',
  'maxBudgetUsd',
  'maxTurns',
  'mcpServers',
  'model',
  'onElicitation',
  'outputFormat',
  'permissionMode',
  'permissionPrompts',
  'persistSession',
  'promptSuggestions',
  'resume',
  'sessionId',
  'settingSources',
  'skills',
  'strictMcpConfig',
  'systemPrompt',
  'thinking',
  'title',
  'tools',
  'verbatimPrompts',
]

const known = new Set<string>([...honoured, ...ignored])

/**
 * Refuses options that cannot be honoured.
 *
 * @throws NotSupportedError that names the first one
 */
export function checkOptions(options: Options): void {
  for (const [name, value] of Object.entries(options)) {
    if (known.has(name) || isNothing(value)) continue
    const reason = refused[name as keyof Options] ?? 'it is not an option of the Agent SDK 0.3'
    throw new NotSupportedError(`options.${name}`, reason)
  }
  const { permissionMode, resume, sessionId, forkSession, settingSources = [], strictMcpConfig } = options
  if (permissionMode === 'bypassPermissions' && !options.allowDangerouslySkipPermissions) {
    throw new Error('permissionMode bypassPermissions requires allowDangerouslySkipPermissions')
  }
  if (options.continue && resume !== undefined) throw new Error('continue cannot be combined with resume')
  if (sessionId !== undefined && (options.continue || resume !== undefined)) {
    if (!forkSession)
      throw new Error('sessionId can be combined with continue or resume only for forkSession')
    throw new NotSupportedError('options.sessionId', 'the server chooses the ids of forks')
  }
  if (strictMcpConfig && settingSources.length > 0) {
    throw new NotSupportedError(
      'options.strictMcpConfig',
      'settingSources brings the MCP servers of its files',
    )
  }
}

/** Whether leaving the option out would mean the same. */
function isNothing(value: unknown): boolean {
  if (value === undefined || value === null || value === false) return true
  return typeof value === 'object' && Object.keys(value).length === 0
}
