import type { AnswerPermissionRequest, PermissionRequest } from '../permissions.ts'
import { ids, times } from './ids.ts'

export const permission: PermissionRequest = {
  permissionId: ids.permissionId,
  sessionId: ids.sessionId,
  turnId: ids.turnId,
  kind: 'tool',
  toolName: 'Bash',
  toolUseId: ids.toolUseId,
  agentId: null,
  input: { command: 'pnpm test test/checkout', description: 'Run the checkout tests' },
  title: 'Claude wants to run a command',
  description: 'Run the checkout tests',
  suggestions: [
    {
      type: 'addRules',
      rules: [{ toolName: 'Bash', ruleContent: 'pnpm test *' }],
      behavior: 'allow',
      destination: 'session',
    },
  ],
  requestedAt: times.permission,
  expiresAt: times.permissionExpires,
  status: 'pending',
  decidedAt: null,
  decidedBy: null,
  message: null,
  updatedInput: null,
  remembered: [],
}

const asked = { ...permission, suggestions: [], agentId: 'a3f81c2' }
const question = {
  question: 'Which rounding should the discount use?',
  header: 'Rounding',
  multiSelect: false,
  options: [
    { label: 'Half up', description: 'As the invoices do' },
    { label: 'Half even', description: 'As the bank does' },
  ],
}

/** A pending request of each kind. */
export const pendingPermissions = {
  tool: permission,
  question: {
    ...asked,
    kind: 'question',
    toolName: 'AskUserQuestion',
    input: { questions: [question] },
    title: 'Claude has a question',
    description: null,
    questions: [question],
  },
  plan: {
    ...asked,
    kind: 'plan',
    toolName: 'ExitPlanMode',
    input: { plan: '1. Apply the discount once\n2. Run the tests' },
    title: 'Claude proposes a plan',
    description: null,
    plan: '1. Apply the discount once\n2. Run the tests',
  },
  form: {
    ...asked,
    kind: 'elicitation',
    toolName: 'tracker',
    toolUseId: null,
    input: {},
    title: 'An MCP server asks for input',
    description: null,
    elicitation: {
      serverName: 'tracker',
      message: 'Which project should the issue go to?',
      mode: 'form',
      requestedSchema: { type: 'object', properties: { project: { type: 'string' } }, required: ['project'] },
    },
  },
  url: {
    ...asked,
    kind: 'elicitation',
    toolName: 'tracker',
    toolUseId: null,
    input: {},
    title: 'An MCP server asks for input',
    description: null,
    elicitation: {
      serverName: 'tracker',
      message: 'Log in to the tracker',
      mode: 'url',
      url: 'https://tracker.example/login',
    },
  },
  clientTool: {
    ...asked,
    agentId: null,
    kind: 'client_tool',
    toolName: 'open_ticket',
    input: { title: 'The discount is applied twice' },
    title: 'Claude calls the tool open_ticket',
    description: null,
  },
  hook: {
    ...asked,
    agentId: null,
    kind: 'hook',
    title: 'Claude Code asks the hook PreToolUse',
    description: null,
    hook: {
      event: 'PreToolUse',
      input: {
        hook_event_name: 'PreToolUse',
        tool_name: 'Bash',
        tool_input: { command: 'pnpm test test/checkout', description: 'Run the checkout tests' },
        tool_use_id: ids.toolUseId,
        permission_mode: 'default',
      },
    },
  },
} satisfies Record<string, PermissionRequest>

const decided = { status: 'allowed', decidedAt: times.decided, decidedBy: 'reviewer' } as const
export const resolvedPermissions = {
  tool: {
    ...permission,
    ...decided,
    message: 'Only this directory',
    updatedInput: { command: 'pnpm test test/checkout --bail' },
    remembered: permission.suggestions,
  },
  question: { ...pendingPermissions.question, ...decided },
  plan: { ...pendingPermissions.plan, ...decided },
  form: { ...pendingPermissions.form, ...decided },
  url: { ...pendingPermissions.url, ...decided },
  clientTool: { ...pendingPermissions.clientTool, ...decided, status: 'answered' },
  hook: { ...pendingPermissions.hook, ...decided, status: 'answered' },
} satisfies Record<string, PermissionRequest>

export const permissionAnswers = {
  allow: { decision: 'allow' },
  allowChanged: {
    decision: 'allow',
    updatedInput: { command: 'pnpm test test/checkout --bail' },
    remember: 'session',
    message: 'Only this directory',
  },
  applySuggestion: { decision: 'allow', remember: { suggestions: [0] } },
  deny: { decision: 'deny', message: 'Use pnpm, not npm', interrupt: false },
  answerQuestion: { decision: 'allow', answers: { 'Which rounding should the discount use?': 'Half up' } },
  acceptPlan: { decision: 'allow', permissionMode: 'acceptEdits' },
  toolResult: { result: 'SHOP-213' },
  toolResultWithImage: {
    result: [
      { type: 'text', text: 'SHOP-213' },
      { type: 'image', data: 'iVBORw0KGgo=', mimeType: 'image/png' },
    ],
  },
  toolError: { error: 'The tracker cannot be reached' },
  hookOutput: {
    output: {
      continue: true,
      stopReason: 'Release freeze',
      suppressOutput: false,
      systemMessage: 'Checked by the policy service',
      decision: 'approve',
      reason: 'The command only reads',
      hookSpecificOutput: {
        hookEventName: 'PreToolUse',
        permissionDecision: 'allow',
        permissionDecisionReason: 'The command only reads',
        updatedInput: { command: 'pnpm test test/checkout --bail' },
        additionalContext: 'Tests run in the sandbox of the shop',
      },
    },
  },
  hookRewrite: {
    output: { hookSpecificOutput: { hookEventName: 'PostToolUse', updatedToolOutput: '2 tests passed' } },
  },
  fillForm: { decision: 'allow', content: { project: 'SHOP' } },
} satisfies Record<string, AnswerPermissionRequest>
