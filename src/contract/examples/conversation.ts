import type { Attachment } from '../attachments.ts'
import type { RewindSessionRequest, RewindSessionResponse } from '../branching.ts'
import type {
  Command,
  CompactRequest,
  CompactResponse,
  GetContextResponse,
  ListAgentsResponse,
  McpServerState,
  Task,
} from '../conversation.ts'
import type { SessionUsage, UsageReport } from '../usage.ts'
import { cwd, ids, model, times } from './ids.ts'
import { modelUsage, usage } from './turns.ts'

export const commands: Command[] = [
  {
    name: 'review',
    description: 'Review a change',
    argumentHint: '[file]',
    aliases: ['rv'],
    builtIn: false,
  },
]
export const agents: ListAgentsResponse['agents'] = [
  { name: 'reviewer', description: 'Reviews a change before it is committed', model: 'inherit' },
]

export const context: GetContextResponse = {
  sessionId: ids.sessionId,
  model,
  totalTokens: 34_800,
  maxTokens: 200_000,
  percentage: 17.4,
  categories: [
    { id: 'system_prompt', name: 'System prompt', kind: 'used', tokens: 3_200 },
    { id: 'messages', name: 'Messages', kind: 'used', tokens: 31_600 },
    { id: null, name: 'Free space', kind: 'free', tokens: 165_200 },
  ],
  memoryFiles: [{ path: `${cwd}/CLAUDE.md`, type: 'Project', tokens: 410 }],
  mcpTools: [{ server: 'tracker', name: 'create_issue', tokens: 640 }],
  agents: [{ name: 'reviewer', source: 'projectSettings', tokens: 52 }],
  skills: [{ name: 'review', source: 'projectSettings', tokens: 38 }],
  autoCompact: { enabled: true, threshold: 167_000 },
}

export const compactRequests = {
  simple: {},
  full: { instructions: 'Keep the names of the changed files', timeout: 120_000, onBusy: 'reject' },
} satisfies Record<string, CompactRequest>
const compaction = { turnId: ids.nextTurnId, sessionId: ids.sessionId, claudeSessionId: ids.claudeSessionId }
export const compactResponses = {
  compacted: { ...compaction, compacted: true, tokensBefore: 34_800, tokensAfter: 4_100, message: null },
  nothing: {
    ...compaction,
    compacted: false,
    tokensBefore: null,
    tokensAfter: null,
    message: 'Not enough messages to compact.',
  },
} satisfies Record<string, CompactResponse>

export const mcpServer: McpServerState = {
  name: 'tracker',
  status: 'connected',
  error: null,
  notice: null,
  scope: 'dynamic',
  transport: 'http',
  serverInfo: { name: 'Tracker', version: '2.4.0' },
  tools: [{ name: 'create_issue', description: 'Creates an issue' }],
}
export const mcpServers: McpServerState[] = [
  mcpServer,
  {
    ...mcpServer,
    name: 'events',
    status: 'failed',
    error: 'HTTP 503 from the server',
    notice: 'Claude cannot use its tools',
    transport: 'sse',
    serverInfo: null,
    tools: [],
  },
]

export const task: Task = {
  taskId: ids.taskId,
  type: 'local_bash',
  description: 'Run the development server',
  status: 'running',
  turnId: ids.turnId,
  toolUseId: ids.toolUseId,
  agent: null,
  summary: null,
  startedAt: times.permission,
  endedAt: null,
}
export const stoppedTask: Task = {
  ...task,
  type: 'local_agent',
  description: 'Review src/discount.ts',
  status: 'stopped',
  agent: 'reviewer',
  summary: 'Found one bug',
  endedAt: times.ended,
}

export const attachment: Attachment = {
  attachmentId: ids.attachmentId,
  sessionId: ids.sessionId,
  type: 'document',
  name: 'failure.txt',
  mediaType: 'text/plain',
  sizeBytes: 26,
  sha256: '16424589b4078df7db1246174bdd7c87c00997ffb0c36fac5b66e3ff69082954',
  createdAt: times.created,
  createdBy: ids.configuredKeyId,
}

export const sessionUsage: SessionUsage = {
  sessionId: ids.sessionId,
  turns: 1,
  activeMs: 45_180,
  tokens: usage,
  tokensComplete: true,
  costUsd: 0.0387,
  costComplete: true,
  betweenTurns: { times: 1, activeMs: 2_524, tokens: { ...usage, outputTokens: 40 }, costUsd: 0.0021 },
  models: modelUsage,
}

const counts = { turns: 12, autonomousWork: 1, activeMs: 545_180 }
const sums = {
  tokens: usage,
  tokensComplete: true,
  costUsd: 0.4213,
  costComplete: true,
  webSearchRequests: 0,
}
export const usageReport: UsageReport = {
  from: '2026-03-01',
  to: '2026-03-31',
  rows: [
    {
      day: '2026-03-02',
      key: 'checkout-bot',
      ...counts,
      ...sums,
    },
  ],
  nextCursor: null,
}
export const usageByModel: UsageReport = { ...usageReport, rows: [{ model, ...sums }] }
export const usageBySession: UsageReport = {
  ...usageReport,
  rows: [{ tenant: 'team-a', sessionId: ids.sessionId, ...counts, ...sums }],
  nextCursor: 'WyJ0ZWFtLWEiXQ',
}
export const usageCsv =
  'day,key,turns,autonomousWork,activeMs,inputTokens,outputTokens,cacheReadInputTokens,cacheCreationInputTokens,' +
  'tokensComplete,costUsd,costComplete,webSearchRequests\r\n' +
  `2026-03-02,checkout-bot,12,1,545180,${Object.values(usage).join()},true,0.421300,true,0\r\n`

export const rewindRequests = {
  conversation: { toTurnId: ids.turnId },
  filesToo: {
    toTurnId: ids.turnId,
    conversation: true,
    files: true,
    overwriteOthers: false,
    dryRun: true,
  },
} satisfies Record<string, RewindSessionRequest>
export const rewindResponses = {
  conversation: {
    sessionId: ids.sessionId,
    toTurnId: ids.turnId,
    dryRun: false,
    turnIds: [ids.turnId],
    files: null,
  },
  filesToo: {
    sessionId: ids.sessionId,
    toTurnId: ids.turnId,
    dryRun: true,
    turnIds: [ids.turnId],
    files: {
      restored: [{ path: 'src/discount.ts', action: 'modify', insertions: 2, deletions: 1 }],
      skipped: [{ path: 'src/cart.ts', reason: 'changed_by_others' }],
      untracked: [
        {
          turnId: ids.turnId,
          toolUseId: ids.toolUseId,
          toolName: 'Bash',
          input: '{"command":"pnpm format"}',
        },
      ],
    },
  },
} satisfies Record<string, RewindSessionResponse>
