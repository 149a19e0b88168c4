import { existsSync } from 'node:fs'
import { join } from 'node:path'
import {
  lastAssistantMessageIsCompleteWithApprovalResponses,
  lastAssistantMessageIsCompleteWithToolCalls,
  type UIMessage,
} from 'ai'
import { describe, expect, test } from 'vitest'
import { text, together, toolUse } from '../../src/demo/answer.ts'
import { apiKey, shareServer } from '../support/open-server.ts'
import { until } from '../support/open-sessions.ts'
import { Chat } from './ui-chat.ts'

const shared = shareServer({ doors: ['ui'] })

const sendAutomaticallyWhen = (options: { messages: UIMessage[] }) =>
  lastAssistantMessageIsCompleteWithApprovalResponses(options) ||
  lastAssistantMessageIsCompleteWithToolCalls(options)

const idle = (chat: Chat) => until(() => chat.status === 'ready' || chat.status === 'error')

describe('an approval', () => {
  test('continues the same message, for calls at once one after the other', async () => {
    const { base, model, cwd } = shared()
    const file = (name: string) => join(cwd, `ui-${name}`)
    const write = (name: string) => toolUse('Write', { file_path: file(name), content: name })
    let told = ''
    model.script('write both', prompt => {
      if (prompt.round === 0) return together(text('I write.'), write('one'), write('two'))
      told = JSON.stringify(prompt.toolResults)
      return text('Done.')
    })
    const chat = new Chat(base, { sendAutomaticallyWhen })
    await chat.sendMessage({ text: 'write both' })
    expect(chat.status).toBe('ready')
    const { id } = chat.lastMessage ?? {}
    expect(chat.tools).toMatchObject([
      { state: 'approval-requested', toolName: 'Write', input: { content: 'one' } },
    ])
    expect(chat.tools[0]?.approval).toMatchObject({ requestReason: 'Claude wants to use Write' })
    await answerNext(chat, true)
    await until(() =>
      chat.tools.some(({ state, input }) => state === 'approval-requested' && contentOf(input) === 'two'),
    )
    await idle(chat)
    await answerNext(chat, false, 'Not the second')
    await until(() => chat.text.includes('Done.'))
    await idle(chat)
    expect(chat.error).toBeUndefined()
    expect(chat.messages.map(message => message.id)).toEqual([expect.any(String), id])
    expect(chat.tools.map(({ state }) => state)).toEqual(['output-available', 'output-denied'])
    expect(chat.text).toBe('I write.|Done.')
    expect(existsSync(file('one')) && !existsSync(file('two'))).toBe(true)
    expect(told).toContain('Not the second')
  })

  test('is asked again where a message answers nothing that waits', async () => {
    const { base, model, cwd } = shared()
    model.script('ask me', [toolUse('Bash', { command: `touch ${join(cwd, 'ui-asked')}` }), text('Done.')])
    const chat = new Chat(base, {})
    await chat.sendMessage({ text: 'ask me' })
    const { parts = [], ...last } = chat.lastMessage ?? {}
    const send = async (change: object | undefined) => {
      const changed = change ? parts.map(part => ('toolCallId' in part ? { ...part, ...change } : part)) : []
      const response = await fetch(`${base}/doors/ui/chat`, {
        method: 'POST',
        headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
        body: JSON.stringify({ id: chat.id, messages: [{ ...last, parts: changed }] }),
      })
      return [response.status, await response.text()] as const
    }
    const state = 'approval-responded'
    for (const change of [
      { state, approval: { id: crypto.randomUUID(), approved: true } },
      { state, approval: { id: 'NUL \u0000', approved: true } },
      { state: 'output-available', output: 'done' },
      undefined,
    ]) {
      const [status, body] = await send(change)
      expect([status, body]).toEqual([200, expect.stringMatching(/tool-approval-request[\s\S]*"finish"/)])
    }
    const { approval } = chat.tools[0] ?? {}
    expect(await send({ state, approval: { ...approval, approved: false, reason: 5 } })).toEqual([
      400,
      expect.stringMatching(/messages\.0\.parts\.\d\.approval\.reason/),
    ])
    expect((await send({ state, approval: { ...approval, approved: false } }))[1]).toContain('Done.')
  })

  test('is asked for a subagent, and again after a reload; another prompt takes the place of the turn that asks', async () => {
    const { base, model, cwd, call } = shared()
    const errand = {
      subagent_type: 'helper',
      description: 'x',
      prompt: 'the errand',
      run_in_background: false,
    }
    model.script('the errand', [
      toolUse('Bash', { command: `touch ${join(cwd, 'ui-sub')}` }),
      text('It is there'),
    ])
    model.script('send a helper', [toolUse('Agent', errand), text('The helper is done')])
    model.script('never mind', text('Fine.'))
    const agents = { helper: { description: 'Helps', prompt: 'You help.', tools: ['Bash'] } }
    const chat = new Chat(base, { sendAutomaticallyWhen, body: { session: { agents } } })
    await chat.sendMessage({ text: 'send a helper' })
    expect(chat.tools).toMatchObject([{ state: 'approval-requested', toolName: 'Bash' }])
    await answerNext(chat, true)
    await until(() => chat.text !== '')
    await idle(chat)
    expect(chat.error).toBeUndefined()
    expect(chat.tools.map(tool => [tool.type === 'dynamic-tool' && tool.toolName, tool.state])).toEqual([
      ['Bash', 'output-available'],
      ['Agent', 'output-available'],
    ])
    expect(chat.data('subagent')).toMatchObject({ agent: 'helper', isDone: true })
    expect(existsSync(join(cwd, 'ui-sub'))).toBe(true)

    await chat.sendMessage({ text: 'send a helper' })
    const { turnId, sessionId } = metadataOf(chat)
    const page = new Chat(base, { id: chat.id, messages: chat.messages })
    await page.resumeStream()
    expect(page.tools).toMatchObject([{ state: 'approval-requested', toolName: 'Bash' }])
    await chat.sendMessage({ text: 'never mind' })
    expect([chat.text, chat.error]).toEqual(['Fine.', undefined])
    expect((await call('GET', `/sessions/${sessionId}/turns/${turnId}`)).body.status).toBe('interrupted')
  })
})

describe('a tool of the client', () => {
  const clientTools = [
    {
      name: 'locate',
      description: 'Where the user is',
      inputSchema: { type: 'object', properties: { fine: { type: 'boolean' } } },
      readOnly: true,
    },
    { name: 'weather', description: 'The weather', inputSchema: { type: 'object' }, readOnly: true },
  ]

  test('is called, and its output continues the same message', async () => {
    const { base, model } = shared()
    const told: string[] = []
    model.script('where am I', prompt => {
      told.push(JSON.stringify(prompt.toolResults))
      if (prompt.round === 0)
        return together(
          text('I ask.'),
          toolUse('mcp__client__locate', { fine: true }),
          toolUse('mcp__client__weather', {}),
        )
      return prompt.round === 1 ? toolUse('mcp__client__weather', { again: true }) : text('In Rome.')
    })
    const calls: unknown[] = []
    const chat: Chat = new Chat(base, {
      sendAutomaticallyWhen,
      body: { clientTools },
      onToolCall({ toolCall: { toolName: tool, toolCallId, input, dynamic } }) {
        calls.push([tool, input, dynamic])
        const fields = { tool, toolCallId }
        if (tool === 'locate') void chat.addToolOutput({ ...fields, output: { city: 'Rome' } })
        else void chat.addToolOutput({ ...fields, state: 'output-error', errorText: 'No weather today' })
      },
    })
    await chat.sendMessage({ text: 'where am I' })
    await until(() => chat.error !== undefined || chat.text.includes('Rome'))
    await idle(chat)
    expect(chat.error).toBeUndefined()
    expect(chat.text).toBe('I ask.|In Rome.')
    expect(chat.messages).toHaveLength(2)
    expect(calls).toEqual([
      ['locate', { fine: true }, undefined],
      ['weather', {}, undefined],
      ['weather', { again: true }, undefined],
    ])
    expect(chat.tools.map(({ type, state }) => [type, state])).toEqual([
      ['tool-locate', 'output-available'],
      ['tool-weather', 'output-error'],
      ['tool-weather', 'output-error'],
    ])
    expect(told[1]).toContain('Rome')
    expect(told[1]).toContain('No weather today')
    const { sessionId } = metadataOf(chat)
    const { config } = (await shared().call('GET', `/sessions/${sessionId}`)).body
    expect(config.clientTools.map(({ name }: { name: string }) => name)).toEqual(['locate', 'weather'])
  })
})

describe('a question', () => {
  test('is a call that the client answers; a plan is an approval', async () => {
    const { base, model } = shared()
    const questions = [
      {
        question: 'Which color?',
        header: 'Color',
        multiSelect: false,
        options: [
          { label: 'Red', description: 'r' },
          { label: 'Blue', description: 'b' },
        ],
      },
    ]
    let told = ''
    model.script('paint it', prompt => {
      if (prompt.round === 0) return toolUse('AskUserQuestion', { questions })
      told = JSON.stringify(prompt.toolResults)
      return text('Blue it is.')
    })
    model.script('plan it', [toolUse('ExitPlanMode', { plan: '1. Paint' }), text('I begin.')])
    const chat = new Chat(base, { sendAutomaticallyWhen, body: { session: { permissionMode: 'plan' } } })
    await chat.sendMessage({ text: 'paint it' })
    const [asked] = chat.tools
    expect(asked).toMatchObject({
      type: 'tool-AskUserQuestion',
      state: 'input-available',
      input: { questions },
    })
    const toolCallId = asked?.toolCallId ?? ''
    await chat.addToolOutput({
      tool: 'AskUserQuestion',
      toolCallId,
      output: { answers: { 'Which color?': 'Blue' } },
    })
    await until(() => chat.error !== undefined || chat.text !== '')
    await idle(chat)
    expect([chat.error, chat.text]).toEqual([undefined, 'Blue it is.'])
    expect(told).toContain('Blue')

    await chat.sendMessage({ text: 'plan it' })
    expect(chat.tools).toMatchObject([
      { toolName: 'ExitPlanMode', state: 'approval-requested', input: { plan: '1. Paint' } },
    ])
    await answerNext(chat, true)
    await until(() => chat.text !== '')
    await idle(chat)
    expect(chat.tools).toMatchObject([{ state: 'output-available' }])
  })
})

async function answerNext(chat: Chat, approved: boolean, reason?: string): Promise<void> {
  const open = chat.tools.find(({ state }) => state === 'approval-requested')
  await chat.addToolApprovalResponse({ id: open?.approval?.id ?? '', approved, ...(reason && { reason }) })
}

function contentOf(input: unknown): unknown {
  return (input as { content?: unknown } | undefined)?.content
}
function metadataOf(chat: Chat) {
  return chat.lastMessage?.metadata as { turnId: string; sessionId: string }
}
