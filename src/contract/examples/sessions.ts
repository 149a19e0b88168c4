import type { SearchResponse } from '../search.ts'
import { defaultSettings } from '../session-settings.ts'
import type {
  CreateSessionRequest,
  CreateSessionResponse,
  PatchSessionRequest,
  Session,
  SessionSummary,
} from '../sessions.ts'
import { cwd, ids, model, times } from './ids.ts'
import { everySetting } from './settings.ts'

const metadata = { ticket: 'SHOP-212' }
const title = 'Fix the checkout test'
const tags = ['checkout', 'flaky tests']

export const createSessionRequests = {
  simple: { title, tags, permissionPrompts: 'ask' },
  full: {
    title,
    cwd,
    model: 'sonnet',
    permissionMode: 'acceptEdits',
    appendSystemPrompt: 'Answer in English.',
    maxTurns: 50,
    metadata,
    ...everySetting('the-secret-itself'),
  },
  clone: {
    title,
    workspace: {
      type: 'git',
      url: 'https://git.example/shop/web.git',
      ref: 'main',
      depth: 1,
      removeOnEnd: true,
    },
  },
  worktree: {
    workspace: {
      type: 'worktree',
      repository: cwd,
      branch: 'claude/checkout-test',
      base: 'main',
      removeOnEnd: true,
      deleteBranch: true,
    },
  },
  preset: { preset: 'reviewer@3', title, maxTurns: 80 },
  chosenId: { sessionId: ids.sessionId },
  adaptiveThinking: { thinking: { type: 'adaptive' } },
  noThinking: { thinking: { type: 'disabled' } },
  empty: { workspace: { type: 'empty', removeOnEnd: true } },
  directory: { workspace: { type: 'directory', path: cwd } },
} satisfies Record<string, CreateSessionRequest>

export const createdSession: CreateSessionResponse = {
  sessionId: ids.sessionId,
  model: null,
  status: 'active',
  createdAt: times.created,
  expiresAt: times.expires,
  tenant: 'default',
  createdBy: ids.configuredKeyId,
}

const known = { ...createdSession, model }
const summary = {
  ...known,
  metadata,
  title,
  titleSource: 'claude',
  tags,
  archived: false,
  state: 'idle',
  lastActivity: times.ended,
  costUsd: 0.0213,
  openRequests: 0,
  lastTurn: { turnId: ids.turnId, status: 'completed', endedAt: times.ended },
  forkedFrom: null,
  preset: { name: 'reviewer', version: 3 },
} satisfies Partial<SessionSummary>
export const sessionSummary: SessionSummary = { ...summary, cwd, branch: null }

export const searchPage: SearchResponse = {
  results: [
    {
      sessionId: ids.sessionId,
      sessionTitle: title,
      turnId: ids.turnId,
      field: 'answer',
      snippet: '…the checkout test fails because the discount is rounded twice.',
      matches: [{ start: 5, end: 13 }],
      timestamp: times.ended,
    },
    {
      sessionId: ids.sessionId,
      sessionTitle: title,
      turnId: null,
      field: 'title',
      snippet: title,
      matches: [{ start: 8, end: 16 }],
      timestamp: times.ended,
    },
  ],
  nextCursor: 'WzQxXQ',
}

export const forkSummary: SessionSummary = {
  ...sessionSummary,
  sessionId: ids.forkId,
  branch: 'claude/checkout-test',
  costUsd: 0,
  lastTurn: null,
  forkedFrom: { sessionId: ids.sessionId, turnId: ids.turnId },
}

export const session: Session = {
  ...summary,
  backgroundTasks: 0,
  messageCount: 6,
  config: {
    cwd,
    permissionMode: 'acceptEdits',
    model: 'sonnet',
    appendSystemPrompt: 'Answer in English.',
    maxTurns: 50,
    ...everySetting(),
  },
  settingsInForce: { settingSources: ['project'], instructions: false, trusted: true },
  workspace: { type: 'directory', path: cwd },
  workingDirectory: cwd,
  claudeSessionId: ids.claudeSessionId,
  transcript: 'complete',
  lastSequence: 9,
}

const plain = {
  cwd,
  permissionMode: 'default',
  model: null,
  appendSystemPrompt: null,
  maxTurns: null,
} as const
const own = '/var/lib/claude-code-api/workspaces/3f1c9a52'

/** Sessions in other kinds of workspaces. */
export const otherSessions = {
  fork: {
    ...session,
    sessionId: ids.forkId,
    config: { ...plain, ...defaultSettings },
    workspace: { type: 'empty', path: own, removeOnEnd: true },
    forkedFrom: { sessionId: ids.sessionId, turnId: ids.turnId },
  },
  clone: {
    ...session,
    config: { ...plain, ...defaultSettings },
    workspace: {
      type: 'git',
      path: own,
      url: 'https://git.example/shop/web.git',
      ref: 'main',
      depth: 1,
      commit: '4f9c2d7e1b8a6053c4d9e2f7a1b0c8d3e6f5a492',
      removeOnEnd: true,
    },
  },
  worktree: {
    ...session,
    config: { ...plain, ...defaultSettings },
    workspace: {
      type: 'worktree',
      path: own,
      repository: cwd,
      branch: 'claude/checkout-test',
      base: 'main',
      commit: '4f9c2d7e1b8a6053c4d9e2f7a1b0c8d3e6f5a492',
      createdBranch: true,
      removeOnEnd: true,
      deleteBranch: true,
    },
  },
} satisfies Record<string, Session>

const { mcpServers, maxBudgetUsd, effort, clientTools, clientHooks } = everySetting('the-secret-itself')
export const patchSessionRequests = {
  title: { title: 'Fix the checkout and cart tests', metadata },
  filed: { tags: ['checkout', 'done'], archived: true },
  settings: {
    model: 'opus',
    permissionMode: 'plan',
    maxTurns: 80,
    effort,
    mcpServers,
    clientTools,
    clientHooks,
    maxBudgetUsd,
    promptSuggestions: true,
    titles: 'claude',
  },
} satisfies Record<string, PatchSessionRequest>
