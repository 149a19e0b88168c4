import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { type AgentSubscriber, type BaseEvent, HttpAgent, type Interrupt, type Message } from '@ag-ui/client'
import { afterEach, beforeEach, describe, expect, type Mock, test, vi } from 'vitest'
import { apiError, text, thinking, together, toolUse } from '../../src/demo/answer.ts'
import { deriveId } from '../../src/lib/derived-id.ts'
import { apiKey, shareServer } from '../support/open-server.ts'
import { until } from '../support/open-sessions.ts'

const shared = shareServer({ doors: ['ag-ui'], environment: { CLAUDE_CODE_MAX_RETRIES: '2' } })
let warnings: Mock<typeof console.warn>
beforeEach(() => {
  // The client warns of what it had to remove from an event.
  warnings = vi.spyOn(console, 'warn').mockImplementation(() => {})
  vi.spyOn(console, 'error').mockImplementation(() => {})
})
afterEach(() => {
  expect(warnings.mock.calls).toEqual([])
  vi.restoreAllMocks()
})

function openAgent({
  key = apiKey,
  path = '',
  threadId,
}: {
  key?: string
  path?: string
  threadId?: string
} = {}) {
  const agent = new HttpAgent({
    url: `${shared().base}/doors/ag-ui${path}`,
    headers: { Authorization: `Bearer ${key}` },
    ...(threadId !== undefined && { threadId }),
  })
  const events: BaseEvent[] = []
  const pending: string[][] = []
  agent.subscribe({
    onEvent: ({ event }) => void events.push(event),
    onRunFinishedEvent: params => {
      if (params.outcome === 'success') pending.push(params.pendingToolCallIds)
    },
  })
  let count = 0
  const say = (
    content: string,
    rest: Parameters<HttpAgent['runAgent']>[0] = {},
    subscriber?: AgentSubscriber,
  ) => {
    agent.addMessage({ id: `said-${++count}`, role: 'user', content })
    return agent.runAgent(rest, subscriber)
  }
  const outcome = () => (events.at(-1) as { outcome?: { type: string } }).outcome
  const sessionId = (tenant = 'default') => deriveId('ag-ui', tenant, agent.threadId)
  return { agent, events, pending, say, outcome, sessionId, types: () => events.map(({ type }) => type) }
}

function textsOf(messages: readonly Message[]) {
  return messages.map(({ role, content }) => `${role}: ${typeof content === 'string' ? content : ''}`)
}

describe('a run', () => {
  test('streams reasoning and text, and ends with the answer and its usage', async () => {
    const { model } = shared()
    model.script(
      'think first',
      together(thinking('Let me see', { fragmentSize: 4 }), text('The answer is 42')),
    )
    const { say, events, types, agent, sessionId } = openAgent()
    const { result, newMessages } = await say('think first')
    expect(result).toBe('The answer is 42')
    expect(textsOf(newMessages)).toEqual(['reasoning: Let me see', 'assistant: The answer is 42'])
    expect(types()[0]).toBe('RUN_STARTED')
    expect(events.filter(({ type }) => type === 'REASONING_MESSAGE_CONTENT').length).toBeGreaterThan(1)
    expect(events.at(-1)).toMatchObject({
      type: 'RUN_FINISHED',
      outcome: { type: 'success' },
      usage: [{ model: expect.any(String), outputTokens: expect.any(Number) }],
      metadata: { 'claude-code': { sessionId: sessionId(), stopReason: 'end_turn' } },
    })
    await say('What is 6 times 7?')
    expect(agent.messages.at(-1)?.content).toContain('42')
    expect((await shared().call('GET', `/sessions/${sessionId()}`)).body).toMatchObject({
      metadata: { threadId: agent.threadId },
      config: { permissionPrompts: 'ask' },
      lastTurn: { status: 'completed' },
    })
  })
})
