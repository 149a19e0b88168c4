import { randomUUID } from 'node:crypto'
import type { NewEvent } from '../../src/sessions/records.ts'

const words = 'The test fails because the clock is read twice — once before the wait and once after it. '
const names = (count: number, of: string) => Array.from({ length: count }, (_, index) => `${of}-${index}`)

/** What every turn of a session is told again, in the sizes that Claude Code has it. */
const surroundings = {
  tools: names(22, 'SomeTool'),
  mcp_servers: [{ name: 'files', status: 'connected' }],
  model: 'claude-made-up',
  permissionMode: 'default',
  slash_commands: names(44, 'a-command'),
  terminal_slash_commands: names(4, 'a-command'),
  apiKeySource: 'ANTHROPIC_API_KEY',
  claude_code_version: '2.1.330',
  output_style: 'default',
  agents: names(5, 'an-agent'),
  skills: names(16, 'some-skill'),
  plugins: names(3, 'plugin').map(name => ({ name, path: 'builtin', source: `${name}@builtin` })),
  capabilities: names(22, 'a_capability_of_this_v1'),
  analytics_disabled: true,
  product_feedback_disabled: true,
  served_by_anthropic: false,
}

const usage = {
  input_tokens: 1_234,
  cache_creation_input_tokens: 5_678,
  cache_read_input_tokens: 23_456,
  output_tokens: 345,
  server_tool_use: { web_search_requests: 0, web_fetch_requests: 0 },
  service_tier: 'standard',
  cache_creation: { ephemeral_1h_input_tokens: 0, ephemeral_5m_input_tokens: 5_678 },
  inference_geo: '',
  iterations: [],
  speed: 'standard',
}

const modelUsage = {
  'claude-made-up': {
    inputTokens: 1_234,
    outputTokens: 345,
    cacheReadInputTokens: 23_456,
    cacheCreationInputTokens: 5_678,
    webSearchRequests: 0,
    costUSD: 0.0456,
    contextWindow: 1_000_000,
    maxOutputTokens: 128_000,
    canonicalModel: 'claude-made-up',
    provider: 'firstParty',
    costBasis: 'list',
  },
}

/** How many messages a turn has. */
export const messagesPerTurn = 8

/**
 * The messages of one turn in the shapes and sizes of Claude Code's: the prompt, `init`, a thought, a tool call, its
 * result, another thought, the answer, and `result`. Text has a character that is not ASCII, as Claude's mostly has.
 */
export function sampleTurn(number: number, sessionId: string, cwd: string): NewEvent[] {
  const promptId = randomUUID()
  const toolUseId = `toolu_${number}`
  const block = (content: object) => ({
    type: 'assistant',
    message: {
      id: `msg_${number}`,
      type: 'message',
      role: 'assistant',
      model: 'claude-made-up',
      content: [content],
      stop_reason: null,
      stop_sequence: null,
      usage,
    },
    parent_tool_use_id: null,
    session_id: sessionId,
  })
  const user = (content: unknown) => ({
    type: 'user',
    message: { role: 'user', content },
    parent_tool_use_id: null,
    session_id: sessionId,
  })
  const thought = { type: 'thinking', thinking: words.repeat(5), signature: 'c2lnbmF0dXJl'.repeat(40) }
  const call = {
    type: 'tool_use',
    id: toolUseId,
    name: 'Read',
    input: { file_path: `${cwd}/test-${number}.ts` },
  }
  const output = {
    type: 'tool_result',
    tool_use_id: toolUseId,
    content: `  const now = clock()\n`.repeat(60),
  }
  const last = { type: 'text', text: `${number}: ${words.repeat(8)}` }
  const messages: Record<string, unknown>[] = [
    { type: 'system', subtype: 'init', cwd, session_id: sessionId, ...surroundings },
    block(thought),
    block(call),
    user([output]),
    block(thought),
    block(last),
    toResult(sessionId, last.text),
  ]
  return [
    {
      type: 'message',
      turnId: null,
      payload: { id: promptId, source: 'user', message: user(`prompt ${number}`) },
    },
    ...messages.map(message => {
      const id = randomUUID()
      const payload = {
        id,
        source: 'sdk' as const,
        message: { ...message, uuid: id, ...originOf(message, promptId) },
      }
      return { type: 'message' as const, turnId: null, payload }
    }),
  ]
}

function originOf({ subtype }: Record<string, unknown>, promptId: string) {
  return subtype === undefined ? {} : { user_message_uuids: [promptId] }
}

function toResult(sessionId: string, result: string) {
  return {
    duration_api_ms: 2_098,
    stop_reason: 'end_turn',
    session_id: sessionId,
    total_cost_usd: 0.0456,
    usage,
    modelUsage,
    permission_denials: [],
    fast_mode_state: 'off',
    subagent_stats: {
      spawned: 0,
      requested: { background: 0, foreground: 0, unset: 0 },
      completed: 0,
      failed: 0,
      killed: { parent: 0, user: 0, system: 0 },
      by_type: {},
    },
    is_error: false,
    num_turns: 2,
    subtype: 'success',
    result,
    type: 'result',
    duration_ms: 5_615,
    queued_turn_count: 0,
    model_usage_since_last_result: modelUsage,
  }
}
