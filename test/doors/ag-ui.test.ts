import { randomUUID } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  type AgentCapabilities,
  type AgentSubscriber,
  type BaseEvent,
  HttpAgent,
  type Interrupt,
  type Message,
  type RunAgentInput,
} from '@ag-ui/client'
import { afterEach, beforeEach, describe, expect, type Mock, test, vi } from 'vitest'
import { apiError, text, thinking, together, toolUse } from '../../src/demo/answer.ts'
import { capabilities } from '../../src/doors/ag-ui/capabilities.ts'
import { deriveId } from '../../src/lib/derived-id.ts'
import { apiKey, shareServer } from '../support/open-server.ts'
import { until } from '../support/open-sessions.ts'
import { examples, runExample } from '../support/run-example.ts'

const shared = shareServer({ doors: ['ag-ui'], environment: { CLAUDE_CODE_MAX_RETRIES: '2' } })
const newThread = () => `thread ${randomUUID()}`
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

/** As the guide says: the official agent leaves `connect` to its subclasses. */
class ConnectingAgent extends HttpAgent {
  protected override connect(input: RunAgentInput) {
    return new HttpAgent({ url: `${this.url}/connect`, headers: this.headers }).run(input)
  }
}

function openAgent({ key = apiKey, threadId }: { key?: string; threadId?: string } = {}) {
  const agent = new ConnectingAgent({
    url: `${shared().base}/doors/ag-ui`,
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
    const seen = Promise.withResolvers<void>()
    const delivery = { fragmentSize: 4, holdAfterFragments: 1, holdUntil: seen.promise }
    model.script('think first', together(thinking('Let me see'), text('The answer is 42', delivery)))
    const { say, events, types, agent, sessionId } = openAgent()
    const { result, newMessages } = await say(
      'think first',
      {},
      { onReasoningMessageContentEvent: () => seen.resolve() },
    )
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

describe('tools of Claude', () => {
  test('are shown with arguments and results, those of subagents under their name', async () => {
    const { model, call } = shared()
    const helper = { description: 'Helps', prompt: 'You help.', tools: ['Bash'] }
    await call('POST', '/presets', {
      name: 'helped',
      configuration: { agents: { helper }, permissionPrompts: 'deny' },
    })
    model.script('the errand', [toolUse('Bash', { command: 'echo from the helper' }), text('It is done')])
    const errand = {
      subagent_type: 'helper',
      description: 'Run it',
      prompt: 'the errand',
      run_in_background: false,
    }
    const seen = Promise.withResolvers<void>()
    const delivery = { fragmentSize: 8, holdAfterFragments: 1, holdUntil: seen.promise }
    model.script('send a helper', [
      together(text('I send one'), toolUse('Agent', errand, delivery)),
      text('The helper is back'),
    ])
    const { say, events, agent, sessionId } = openAgent()
    const rest = { forwardedProps: { preset: 'helped' } }
    await say('send a helper', rest, { onTextMessageContentEvent: () => seen.resolve() })
    const [call1, call2] = agent.messages.flatMap(message =>
      message.role === 'assistant' ? (message.toolCalls ?? []) : [],
    )
    expect([call1?.function.name, call2?.function.name]).toEqual(['Agent', 'Bash'])
    expect(JSON.parse(call2?.function.arguments ?? '')).toMatchObject({ command: 'echo from the helper' })
    const pieces = events.filter(event => event.type === 'TOOL_CALL_ARGS' && event.toolCallId === call1?.id)
    expect(pieces.length).toBeGreaterThan(2)
    expect(JSON.parse(call1?.function.arguments ?? '')).toEqual(errand)
    const subagent = { subagentRunId: call1?.id }
    expect(events.filter(({ type }) => type.startsWith('SUBAGENT'))).toMatchObject([
      {
        type: 'SUBAGENT_STARTED',
        ...subagent,
        name: 'helper',
        description: 'Run it',
        parentToolCallId: call1?.id,
      },
      { type: 'SUBAGENT_FINISHED', ...subagent, outcome: { type: 'success' } },
    ])
    expect(agent.messages.filter(message => 'subagentRunId' in message)).toMatchObject([
      { role: 'assistant', ...subagent },
      {
        role: 'tool',
        toolCallId: call2?.id,
        content: expect.stringContaining('from the helper'),
        ...subagent,
      },
      { role: 'assistant', content: 'It is done', ...subagent },
    ])
    expect(agent.messages.at(-1)?.content).toBe('The helper is back')
    expect((await call('GET', `/sessions?preset=helped`)).body.sessions).toHaveLength(1)
    // The preset decides it.
    expect((await call('GET', `/sessions/${sessionId()}`)).body.config.permissionPrompts).toBe('deny')

    await expect(say('again', { forwardedProps: { preset: 'other' } })).rejects.toThrow(
      'forwardedProps.preset: the thread uses helped@1',
    )
  })
})

describe('an interrupt', () => {
  const write = (file: string) => toolUse('Write', { file_path: file, content: 'written' })

  test('asks for permission, and its resumption continues the same turn', async () => {
    const { model, cwd, call } = shared()
    const file = join(cwd, 'allowed.txt')
    model.script('write it', [together(text('I write'), write(file)), text('It is written')])
    const { say, agent, outcome, events, sessionId } = openAgent()
    await say('write it')
    const [interrupt] = agent.pendingInterrupts as [Interrupt]
    expect(outcome()).toMatchObject({ type: 'interrupt' })
    const [toolCall] = agent.messages.flatMap(message =>
      message.role === 'assistant' ? (message.toolCalls ?? []) : [],
    )
    expect(interrupt).toMatchObject({
      reason: 'tool_call',
      message: expect.stringContaining('Claude wants to use Write'),
      toolCallId: toolCall?.id,
      responseSchema: { required: ['approved'] },
      metadata: { 'claude-code': { kind: 'tool', toolName: 'Write', input: { file_path: file } } },
    })
    expect(existsSync(file)).toBe(false)
    await expect(agent.clone().runAgent()).rejects.toThrow('not addressed by resume')

    const before = events.length
    const resume = [{ interruptId: interrupt.id, status: 'resolved' as const, payload: { approved: true } }]
    const { newMessages } = await agent.runAgent({ resume })
    expect(existsSync(file)).toBe(true)
    expect(newMessages).toMatchObject([
      { role: 'tool', toolCallId: toolCall?.id },
      { role: 'assistant', content: 'It is written' },
    ])
    expect(events.slice(before).map(({ type }) => type)).not.toContain('TOOL_CALL_START')
    expect(agent.pendingInterrupts).toEqual([])
    const { turns } = (await call('GET', `/sessions/${sessionId()}/turns`)).body
    expect(turns).toHaveLength(1)

    // The same answer again is told again, and does nothing.
    await agent.runAgent({ resume })
    expect(events.slice(-2)).toMatchObject([
      { type: 'CUSTOM', name: 'claude-code:ignored', value: { fields: ['resume[0]'] } },
      { type: 'RUN_FINISHED', outcome: { type: 'success' } },
    ])
  })

  test('can be refused, edited and dismissed; a bad answer is named', async () => {
    const { model, cwd } = shared()
    const [first, edited, never] = ['first.txt', 'edited.txt', 'never.txt'].map(name => join(cwd, name))
    let told = ''
    model.script('write both', prompt => {
      if (prompt.round === 0) return write(first ?? '')
      if (prompt.round === 1) told = prompt.toolResults[0]?.content ?? ''
      return prompt.round < 3 ? write(never ?? '') : text('That was it')
    })
    const { say, agent } = openAgent({ threadId: newThread() })
    const answer = (payload: unknown, status: 'resolved' | 'cancelled' = 'resolved') => {
      const [{ id }] = agent.pendingInterrupts as [Interrupt]
      return agent.runAgent({ resume: [{ interruptId: id, status, payload }] })
    }
    await say('write both')
    await expect(answer({ approved: 'yes' })).rejects.toThrow('resume[0].payload.approved: is required')
    await expect(answer({ approved: true, oops: 1 })).rejects.toThrow('resume[0].payload.oops: unknown field')
    await expect(answer({ approved: true, editedArgs: 7 })).rejects.toThrow(
      'resume[0].payload.editedArgs: must be an object',
    )
    await answer({ approved: true, editedArgs: { file_path: edited, content: 'other' } })
    expect([existsSync(first ?? ''), existsSync(edited ?? '')]).toEqual([false, true])
    await answer({ approved: false, message: 'Not on a Friday' })
    await answer(undefined, 'cancelled')
    expect(agent.messages.at(-1)?.content).toBe('That was it')
    expect(existsSync(never ?? '')).toBe(false)
    expect(told).toContain(edited)
    expect(told).not.toContain(first)
    expect(JSON.stringify(agent.messages)).toContain('Not on a Friday')
  })

  test('asks questions, and has a plan approved', async () => {
    const { model } = shared()
    const question = {
      question: 'Which colour?',
      header: 'Colour',
      multiSelect: false,
      options: [
        { label: 'Red', description: 'warm' },
        { label: 'Blue', description: 'cold' },
      ],
    }
    let told = ''
    model.script('ask me', prompt => {
      if (prompt.round === 0) return toolUse('AskUserQuestion', { questions: [question] })
      told = prompt.toolResults[0]?.content ?? ''
      return text('Thank you')
    })
    const { say, agent } = openAgent({ threadId: newThread() })
    await say('ask me')
    const [{ id, ...asked }] = agent.pendingInterrupts as [Interrupt]
    expect(asked).toMatchObject({
      reason: 'input_required',
      message: 'Which colour?',
      responseSchema: { properties: { answers: { required: ['Which colour?'] } } },
    })
    await expect(
      say('something else', { resume: [{ interruptId: 'x', status: 'cancelled' }] }),
    ).rejects.toThrow('not addressed by resume')
    agent.messages.pop()
    const payload = { answers: { 'Which colour?': 'Blue' } }
    await agent.runAgent({ resume: [{ interruptId: id, status: 'resolved', payload }] })
    expect(told).toContain('Blue')
    expect(agent.messages.at(-1)?.content).toBe('Thank you')

    model.script('make a plan', prompt => {
      if (prompt.round === 0) return toolUse('EnterPlanMode', {})
      return prompt.round === 1 ? toolUse('ExitPlanMode', { plan: '# A plan' }) : text('I follow it')
    })
    await say('make a plan', { forwardedProps: { permissionMode: 'plan' } })
    const [plan] = agent.pendingInterrupts as [Interrupt]
    expect(plan).toMatchObject({ reason: 'tool_call', message: '# A plan', toolCallId: expect.any(String) })
    const approval = { approved: true, permissionMode: 'default' }
    await agent.runAgent({ resume: [{ interruptId: plan.id, status: 'resolved', payload: approval }] })
    expect(agent.messages.at(-1)?.content).toBe('I follow it')
  })
})

describe('tools of the application', () => {
  const weather = {
    name: 'getWeather',
    description: 'The weather of a city',
    parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
  }
  const ask = (city: string) => toolUse('mcp__client__getWeather', { city })
  const result = (toolCallId: string, content: string, error?: string) => ({
    id: `result-${toolCallId}`,
    role: 'tool' as const,
    toolCallId,
    content,
    ...(error !== undefined && { error }),
  })

  test.each([
    ['one after the other', weather],
    ['at once', { ...weather, metadata: { readOnly: true } }],
  ])('end the run, and their results continue the turn; several calls, %s', async (way, tool) => {
    const { model, call } = shared()
    const told: { content: string; isError: boolean }[] = []
    model.script(`both cities ${way}`, prompt => {
      if (prompt.round === 0) return together(text('I ask'), ask('Paris'), ask('Rome'))
      told.push(...prompt.toolResults)
      return text('Sunny, and unknown')
    })
    const { say, agent, events, pending, types, outcome, sessionId } = openAgent()
    const rest = { tools: [tool] }
    await say(`both cities ${way}`, rest)
    const calls = agent.messages.flatMap(message =>
      message.role === 'assistant' ? (message.toolCalls ?? []) : [],
    )
    expect(calls.map(({ function: { name, arguments: given } }) => [name, given])).toEqual([
      ['getWeather', '{"city":"Paris"}'],
      ['getWeather', '{"city":"Rome"}'],
    ])
    const [paris = '', rome = ''] = calls.map(({ id }) => id)
    expect(pending).toEqual([[paris, rome]])
    expect(outcome()).toEqual({ type: 'success', pendingToolCallIds: [paris, rome] })
    expect(types()).not.toContain('TOOL_CALL_RESULT')
    await expect(say('something else', rest)).rejects.toThrow(
      `"messages: must have the result of the tool call ${paris} before the next prompt`,
    )
    agent.messages.pop()

    agent.addMessages([result(paris, 'sunny'), result(rome, '', 'no such city')])
    await agent.runAgent(rest)
    expect(told).toMatchObject([
      { content: expect.stringContaining('sunny'), isError: false },
      { content: expect.stringContaining('no such city'), isError: true },
    ])
    expect(agent.messages.at(-1)?.content).toBe('Sunny, and unknown')
    expect(types()).not.toContain('TOOL_CALL_RESULT')
    const { turns } = (await call('GET', `/sessions/${sessionId()}/turns`)).body
    expect(turns).toHaveLength(1)

    // The same results again are told to have no effect; the turn is told again.
    agent.messages.pop()
    await agent.runAgent(rest)
    expect(agent.messages.at(-1)?.content).toBe('Sunny, and unknown')
    expect(events.at(-2)).toMatchObject({ value: { fields: ['messages[2]', 'messages[3]'] } })
  })

  test('can be answered together with the next prompt, and change with each run', async () => {
    const { model, call } = shared()
    model.script('the weather', prompt => (prompt.round === 0 ? ask('Oslo') : text('It snows in Oslo')))
    const { say, agent, pending, sessionId } = openAgent()
    await say('the weather', { tools: [weather] })
    agent.addMessage(result(pending[0]?.[0] ?? '', 'snow'))
    const { newMessages } = await say('What is 6 times 7?', { tools: [] })
    expect(textsOf(newMessages)).toEqual(['assistant: It snows in Oslo', expect.stringContaining('42')])
    expect((await call('GET', `/sessions/${sessionId()}`)).body.config.clientTools).toEqual([])
    await expect(say('x', { tools: [{ ...weather, name: 'get weather' }] })).rejects.toThrow('tools[0].name')
  })
})

describe('a run that does not come to its end', () => {
  /** A text that stops after its beginning until the test lets it go. */
  function hold(prompt: string) {
    const held = Promise.withResolvers<void>()
    const delivery = { fragmentSize: 4, holdAfterFragments: 2, holdUntil: held.promise }
    shared().model.script(prompt, text('This takes a long time', delivery))
    return held
  }

  test('fails with the error of its turn', async () => {
    const { model } = shared()
    model.script('break', apiError(400, { message: 'no such thing' }))
    const { say, events } = openAgent({ threadId: newThread() })
    const onRunErrorEvent = vi.fn()
    await say('break', {}, { onRunErrorEvent })
    expect(onRunErrorEvent).toHaveBeenCalledOnce()
    expect(events.at(-1)).toMatchObject({ type: 'RUN_ERROR', code: 'MESSAGE_SEND_FAILED' })
  })

  test('is interrupted by abortRun, and what it was asked is not asked again', async () => {
    const { model, call } = shared()
    const { say, agent, sessionId } = openAgent()
    const interrupted = ['take long', 'dawdle']
    for (const [index, prompt] of interrupted.entries()) {
      const held = hold(prompt)
      await say(prompt, {}, { onTextMessageContentEvent: () => agent.abortRun() })
      await until(async () => {
        const { turns } = (await call('GET', `/sessions/${sessionId()}/turns`)).body
        return turns[index]?.status === 'interrupted'
      })
      held.resolve()
      agent.messages = agent.messages.filter(({ role }) => role === 'user')
    }
    const prompts: string[] = []
    model.script('be quick', prompt => {
      prompts.push(prompt.text)
      return text('Done')
    })
    await say('be quick', { runId: 'quick' })
    const { turns } = (await call('GET', `/sessions/${sessionId()}/turns`)).body
    expect(turns.map(({ prompt }: { prompt: unknown }) => prompt)).toEqual(
      [...interrupted, 'be quick'].map(content => [{ type: 'text', text: content }]),
    )
    expect(prompts).toEqual(['be quick'])
    expect(agent.messages.at(-1)?.content).toBe('Done')
    // The same run again finds its turn.
    agent.messages.pop()
    await agent.runAgent({ runId: 'quick' })
    expect(agent.messages.at(-1)?.content).toBe('Done')
    expect(prompts).toEqual(['be quick'])
  })

  test('is cancelled if its turn is interrupted elsewhere', async () => {
    const held = hold('wait for it')
    const { say, agent, outcome, sessionId } = openAgent({ threadId: newThread() })
    const interrupt = () => shared().call('POST', `/sessions/${sessionId()}/interrupt`, {})
    const asked: Promise<unknown>[] = []
    await say('wait for it', {}, { onTextMessageContentEvent: () => void asked.push(interrupt()) })
    held.resolve()
    await Promise.all(asked)
    expect(outcome()).toEqual({ type: 'cancelled' })
    expect(agent.messages.at(-1)?.content).toContain('This')
  })

  test('continues without its client if that was wanted; another client connects to it', async () => {
    const { model } = shared()
    const held = hold('stay on it')
    const first = openAgent()
    await first.say('What is 6 times 7?')
    const leave = { onTextMessageContentEvent: () => first.agent.abortRun() }
    await first.say('stay on it', { forwardedProps: { onDisconnect: 'continue' } }, leave)
    const { threadId } = first.agent
    const second = openAgent({ threadId })
    const { newMessages } = await second.agent.connectAgent(
      {},
      { onTextMessageContentEvent: () => held.resolve() },
    )
    expect(textsOf(newMessages)).toEqual([
      'user: What is 6 times 7?',
      expect.stringContaining('42'),
      'user: stay on it',
      'assistant: This takes a long time',
    ])
    expect(second.outcome()).toEqual({ type: 'success' })

    model.script('write then', [toolUse('Write', { file_path: '/tmp/x', content: 'x' }), text('Refused')])
    const third = openAgent({ threadId })
    third.agent.setMessages(second.agent.messages)
    await third.say('write then')
    const fourth = openAgent({ threadId })
    await fourth.agent.connectAgent()
    expect(fourth.types()).toEqual(['RUN_STARTED', 'MESSAGES_SNAPSHOT', 'RUN_FINISHED'])
    expect(fourth.agent.pendingInterrupts).toEqual(third.agent.pendingInterrupts)
    const [{ id }] = fourth.agent.pendingInterrupts as [Interrupt]
    await fourth.agent.runAgent({ resume: [{ interruptId: id, status: 'resolved', payload: false }] })
    expect(fourth.agent.messages.at(-1)?.content).toBe('Refused')
  })

  test('takes back a text that the model did not finish', async () => {
    const { model } = shared()
    const seen = Promise.withResolvers<void>()
    let count = 0
    model.script('break off', () =>
      count++ === 0
        ? text('This comes to nothing', {
            fragmentSize: 4,
            holdAfterFragments: 2,
            holdUntil: seen.promise,
            breakAfterFragments: 2,
          })
        : text('This is the answer', { fragmentSize: 4 }),
    )
    const { say, agent, types } = openAgent({ threadId: newThread() })
    await say('break off', {}, { onTextMessageContentEvent: () => seen.resolve() })
    expect(textsOf(agent.messages)).toEqual(['user: break off', 'assistant: This is the answer'])
    expect(types()).toContain('MESSAGES_SNAPSHOT')
    expect(types()).toContain('STEP_STARTED')
  })
})

describe('the input', () => {
  test('gives Claude the context and the instructions of the application', async () => {
    const { model, call } = shared()
    model.script('use it', text('Used'))
    const { say, agent, events, sessionId } = openAgent()
    agent.addMessage({ id: 'rules', role: 'system', content: 'Be brief.' })
    const context = [{ description: 'The open file', value: 'README.md' }]
    await say('use it', { context, forwardedProps: { permissionMode: 'plan', theme: 'dark' } })
    const { turns } = (await call('GET', `/sessions/${sessionId()}/turns`)).body
    expect(turns[0].prompt).toEqual([
      { type: 'text', text: 'Context from the application:\n\nThe open file: README.md' },
      { type: 'text', text: 'use it' },
    ])
    expect(events[1]).toEqual({
      type: 'CUSTOM',
      name: 'claude-code:ignored',
      value: { fields: ['forwardedProps.theme'] },
    })
    expect((await call('GET', `/sessions/${sessionId()}`)).body.config).toMatchObject({
      appendSystemPrompt: 'Be brief.',
      permissionMode: 'plan',
    })
    const connected = openAgent({ threadId: agent.threadId })
    await connected.agent.connectAgent()
    expect(textsOf(connected.agent.messages)).toEqual(['user: use it', 'assistant: Used'])
    agent.messages[0] = { id: 'rules', role: 'system', content: 'Be long.' }
    await expect(say('and now')).rejects.toThrow('messages[0]: the instructions of a thread cannot change')
  })

  test('takes images and documents', async () => {
    const { agent } = openAgent({ threadId: newThread() })
    const png =
      'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='
    agent.addMessage({
      id: 'look',
      role: 'user',
      content: [
        { type: 'text', text: 'Look at it' },
        { type: 'image', source: { type: 'data', value: png, mimeType: 'image/png' } },
        { type: 'document', source: { type: 'data', value: btoa('some text'), mimeType: 'text/markdown' } },
      ],
    })
    await agent.runAgent()
    expect(agent.messages.at(-1)?.role).toBe('assistant')
    agent.addMessage({
      id: 'hear',
      role: 'user',
      content: [{ type: 'audio', source: { type: 'data', value: png, mimeType: 'audio/mp3' } }],
    })
    await expect(agent.runAgent()).rejects.toThrow(
      'messages[2].content[0].type: must be text, image or document',
    )
  })

  test.each([
    ['state', { state: { count: 1 } }],
    ['threadId', { threadId: '' }],
    ['messages', { messages: [] }],
    ['messages[0].content', { messages: [{ id: '1', role: 'user', content: 7 }] }],
    [
      'messages[0].content[0].source.type',
      { messages: [image({ type: 'url', value: 'https://x.test/a.png' })] },
    ],
    [
      'messages[0].content[0].source.mimeType',
      { messages: [image({ type: 'data', value: 'AAAA', mimeType: 'a/b' })] },
    ],
    ['tools[0].name', { tools: [{}] }],
    ['context[0].value', { context: [{ description: 'x' }] }],
    ['resume[0].status', { resume: [{ interruptId: 'x', status: 'maybe' }] }],
    ['forwardedProps.onDisconnect', { forwardedProps: { onDisconnect: 'stay' } }],
    ['forwardedProps.permissionMode', { forwardedProps: { permissionMode: 'all' } }],
    ['forwardedProps.model', { forwardedProps: { model: '' } }],
    ['forwardedProps.preset', { forwardedProps: { preset: 'A name' } }],
  ])('is refused with the name of the field: %s', async (path, wrong) => {
    const messages = [{ id: '1', role: 'user', content: 'hello' }]
    const response = await fetch(`${shared().base}/doors/ag-ui`, {
      method: 'POST',
      headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
      body: JSON.stringify({ threadId: `wrong ${path}`, runId: '1', messages, ...wrong }),
    })
    const { error } = (await response.json()) as {
      error: { code: string; details: { issues: { path: string }[] } }
    }
    expect([response.status, error.code]).toEqual([400, 'INVALID_REQUEST'])
    expect(error.details.issues[0]?.path).toBe(path)
  })

  function image(source: object) {
    return { id: '1', role: 'user', content: [{ type: 'image', source }] }
  }
})

test('a request that comes twice is one run; another one cannot have its id', async () => {
  const { agent, say, events } = openAgent({ threadId: newThread() })
  await say('What is 6 times 7?', { runId: 'once' })
  const turnOf = () =>
    (events.at(-1) as { metadata?: { 'claude-code'?: { turnId?: string } } }).metadata?.['claude-code']
      ?.turnId
  const first = turnOf()
  agent.messages.length = 1
  await agent.runAgent({ runId: 'once' })
  expect(first).toEqual(expect.any(String))
  expect(turnOf()).toBe(first)
  await expect(say('something else', { runId: 'once' })).rejects.toThrow(
    'runId: was used for another run of the thread',
  )
})

test('a key of one session runs in its thread only', async () => {
  const threadId = newThread()
  await openAgent({ threadId }).say('hello')
  const scopes = ['sessions:read', 'sessions:write']
  const sessionId = deriveId('ag-ui', 'default', threadId)
  const { key } = (await shared().call('POST', '/keys', { name: 'bound', scopes, sessionId })).body
  expect((await openAgent({ key, threadId }).say('What is 6 times 7?')).result).toContain('42')
  await expect(openAgent({ key }).say('hello')).rejects.toMatchObject({ status: 403 })
})

test('the capabilities have the form of the protocol', async () => {
  const headers = { authorization: `Bearer ${apiKey}` }
  const response = await fetch(`${shared().base}/doors/ag-ui/capabilities`, { headers })
  const declared: AgentCapabilities = capabilities
  expect(await response.json()).toEqual(declared)
})

test('the example of the guide asks a person, and the guide shows it', async () => {
  const { model, base, cwd } = shared()
  const file = join(cwd, 'example.txt')
  model.script('Create the example', [toolUse('Bash', { command: `touch ${file}` }), text('There it is')])
  const env = { CLAUDE_CODE_API_URL: base, CLAUDE_API_KEY: apiKey }
  const example = runExample('doors/ag-ui.ts', ['Create the example'], env)
  await example.says('(yes or no)')
  example.child.stdin.write('yes\n')
  expect([await example.ended, example.complained()]).toEqual([0, ''])
  expect(example.said()).toContain('There it is')
  expect(existsSync(file)).toBe(true)
  const guide = readFileSync(join(examples, '../docs/guides/door-ag-ui.md'), 'utf8')
  expect(guide).toContain(readFileSync(join(examples, 'doors/ag-ui.ts'), 'utf8').trim())
})

test('a thread is known to its tenant only, and a wrong key is refused', async () => {
  const { call } = shared()
  const keys = await Promise.all(
    ['red', 'blue'].map(async tenant => {
      const scopes = ['sessions:read', 'sessions:write', 'permissions:answer']
      return (await call('POST', '/keys', { name: tenant, tenant, scopes })).body.key as string
    }),
  )
  const threadId = 'the same thread'
  const [red, blue] = keys.map(key => openAgent({ key, threadId }))
  await red?.say('What is 6 times 7?')
  await blue?.say('hello')
  expect(red?.sessionId('red')).not.toBe(blue?.sessionId('blue'))
  const seen = await Promise.all(
    keys.map(async key => {
      const { agent } = openAgent({ key, threadId })
      await agent.connectAgent()
      return textsOf(agent.messages)[0]
    }),
  )
  expect(seen).toEqual(['user: What is 6 times 7?', 'user: hello'])
  const unknown = openAgent({ threadId })
  await unknown.agent.connectAgent()
  expect(unknown.agent.messages).toEqual([])

  const failed = vi.fn()
  await expect(openAgent({ key: 'wrong' }).say('hello', {}, { onRunFailed: failed })).rejects.toMatchObject({
    status: 403,
    payload: { error: { code: 'INVALID_API_KEY' } },
  })
  expect(failed).toHaveBeenCalledOnce()
})
