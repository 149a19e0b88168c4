import type { CompactMessage } from '../compact-messages.ts'
import type {
  BackgroundAccepted,
  ListMessagesResponse,
  SendMessageResponse,
  StreamPointer,
} from '../messages.ts'
import type { ModelUsage, PromptBlock, Turn, TurnEnding, TurnError, Usage } from '../turns.ts'
import { ids, model, times } from './ids.ts'

export const prompt = 'Run the tests in test/checkout and fix what fails.'
export const response =
  'The checkout test passes again: the discount was applied twice. I changed src/discount.ts.'

export const usage: Usage = {
  inputTokens: 1_204,
  outputTokens: 862,
  cacheReadInputTokens: 31_480,
  cacheCreationInputTokens: 2_116,
}
export const modelUsage: ModelUsage[] = [
  { model, ...usage, costUsd: 0.0387, costComplete: true, webSearchRequests: 0 },
]

const denial = {
  toolName: 'Bash',
  toolUseId: ids.toolUseId,
  input: { command: 'git push --force' },
}
const ending: TurnEnding = {
  subtype: 'error_during_execution',
  terminalReason: 'model_error',
  stopReason: 'tool_use',
  promptOutcome: 'allowed',
  noVerdict: 'timed_out',
  error: 'overloaded',
  apiError: 'overloaded_error',
  apiErrorType: 'overloaded_error',
  apiErrorStatus: 529,
}

/** Fields that only some turns have. */
export const findings = {
  permissionDenials: [denial],
  structuredOutput: { passed: true, failures: [] },
  notice: 'Stop hook: formatted 1 file',
  ending: { subtype: 'success', terminalReason: 'completed', stopReason: 'end_turn' },
}
export const failedFindings = { ...findings, ending }

export const turnError: TurnError = {
  code: 'MODEL_OVERLOADED',
  reason: 'overloaded',
  message: "The model's API is overloaded",
  retryAt: times.retry,
  retryable: true,
  retry: 'new_key',
}

export const turn: Turn = {
  turnId: ids.turnId,
  sessionId: ids.sessionId,
  status: 'completed',
  prompt,
  response,
  stopReason: 'end_turn',
  error: null,
  usage,
  costUsd: 0.0387,
  modelUsage,
  createdAt: times.asked,
  createdBy: ids.configuredKeyId,
  startedAt: times.started,
  endedAt: times.ended,
  durationMs: 42_656,
  firstSequence: 2,
  lastSequence: 9,
  ...findings,
}

export const failedTurn: Turn = {
  ...turn,
  status: 'failed',
  commands: true,
  prompt: '/review src/discount.ts',
  response: 'The discount is applied in two places.',
  stopReason: null,
  error: turnError,
  rewound: true,
  ...failedFindings,
}

export const answer: SendMessageResponse = {
  messageId: ids.messageId,
  response,
  sessionId: ids.claudeSessionId,
  claudeSessionId: ids.claudeSessionId,
  turnId: ids.turnId,
  stopReason: 'end_turn',
  usage,
  costUsd: 0.0387,
  durationMs: 42_656,
  ...findings,
}

export const accepted: BackgroundAccepted = {
  turnId: ids.turnId,
  sessionId: ids.sessionId,
  status: 'queued',
  eventsUrl: `/api/v1/sessions/${ids.sessionId}/events?turnId=${ids.turnId}`,
  turnUrl: `/api/v1/sessions/${ids.sessionId}/turns/${ids.turnId}`,
}

export const pointer: StreamPointer = {
  message: 'Send the body to streamUrl to receive the answer as server-sent events',
  streamUrl: `/api/v1/sessions/${ids.sessionId}/stream`,
  method: 'POST',
  headers: {
    'Content-Type': 'application/json',
    Accept: 'text/event-stream',
    'Idempotency-Key': 'shop-212-fix',
  },
  body: { prompt, timeout: 0, commands: false, onBusy: 'queue', onDisconnect: 'interrupt' },
}

const png = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='
export const promptBlocks: PromptBlock[] = [
  { type: 'text', text: 'Which button of the screenshot does the test click?' },
  { type: 'image', source: { type: 'base64', media_type: 'image/png', data: png } },
  { type: 'image', source: { type: 'attachment', attachmentId: ids.attachmentId } },
  {
    type: 'document',
    title: 'Notes',
    source: { type: 'text', media_type: 'text/plain', data: 'The discount must apply once.' },
  },
  {
    type: 'document',
    title: 'Specification',
    source: { type: 'base64', media_type: 'application/pdf', data: 'JVBERi0xLjQKJSVFT0YK' },
  },
]

const stored = { timestamp: times.started, turnId: ids.turnId, subtype: null }
export const assistantMessage = {
  type: 'assistant',
  message: {
    id: ids.apiMessageId,
    type: 'message',
    role: 'assistant',
    model,
    content: [{ type: 'text', text: response }],
  },
  parent_tool_use_id: null,
  uuid: ids.messageId,
  session_id: ids.claudeSessionId,
}
export const messages: ListMessagesResponse['messages'] = [
  {
    id: ids.promptId,
    type: 'user',
    ...stored,
    content: {
      type: 'user',
      message: { role: 'user', content: prompt },
      parent_tool_use_id: null,
      uuid: ids.promptId,
      session_id: ids.claudeSessionId,
    },
    sequence: 4,
    source: 'user',
  },
  {
    id: ids.messageId,
    type: 'assistant',
    ...stored,
    timestamp: times.ended,
    content: assistantMessage,
    sequence: 8,
    source: 'sdk',
  },
  {
    id: '77b0d5c2-3e8f-4196-a2d7-f4c1b9e60a35',
    type: 'system',
    ...stored,
    subtype: 'compact_boundary',
    content: { type: 'system', subtype: 'compact_boundary', compact_metadata: { trigger: 'manual' } },
    sequence: 12,
    source: 'sdk',
    synthetic: true,
    rewound: true,
  },
]

/** The parts of a message that a person reads. */
export const compactParts = {
  role: 'user',
  subagent: true,
  text: 'Which button does the test click?',
  tools: [{ id: ids.toolUseId, name: 'Bash', summary: 'pnpm test test/checkout' }],
  results: [{ toolId: ids.toolUseId, text: 'Expected 90.00, got 81.00.', error: true, shortened: true }],
  files: [{ kind: 'document', title: 'Notes' }],
} satisfies Partial<CompactMessage>
export const compactMessage: CompactMessage = {
  id: ids.messageId,
  sequence: 8,
  timestamp: times.ended,
  turnId: ids.turnId,
  ...compactParts,
  rewound: true,
}
