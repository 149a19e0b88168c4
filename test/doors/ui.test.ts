import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  APICallError,
  lastAssistantMessageIsCompleteWithApprovalResponses,
  lastAssistantMessageIsCompleteWithToolCalls,
  type UIMessage,
  type UIMessageChunk,
} from 'ai'
import { describe, expect, expectTypeOf, test } from 'vitest'
import { apiError, text, thinking, together, toolUse } from '../../src/demo/answer.ts'
import type { Chunk } from '../../src/doors/ui/chunk.ts'
import { apiKey, shareServer } from '../support/open-server.ts'
import { until } from '../support/open-sessions.ts'
import { Chat } from './ui-chat.ts'

const shared = shareServer({ doors: ['ui'] })

const sendAutomaticallyWhen = (options: { messages: UIMessage[] }) =>
  lastAssistantMessageIsCompleteWithApprovalResponses(options) ||
  lastAssistantMessageIsCompleteWithToolCalls(options)

const idle = (chat: Chat) => until(() => chat.status === 'ready' || chat.status === 'error')

describe('a message', () => {
  test('is answered with thinking, text, tools, tasks and usage, in steps', async () => {
    const { base, model, cwd } = shared()
    model.script('read it', [
      together(
        thinking('Where is it?'),
        text('I read it.'),
        toolUse('Read', { file_path: join(cwd, 'none') }),
        toolUse('TaskCreate', { subject: 'Find it', description: 'Look everywhere' }),
      ),
      toolUse('TaskUpdate', { taskId: '1', status: 'completed' }),
      text('There is **nothing**.'),
    ])
    const finished: unknown[] = []
    const chat = new Chat(base, {
      body: { session: { allowedTools: ['Read', 'TaskCreate', 'TaskUpdate'] } },
      onFinish: ({ finishReason, isError }) => finished.push([finishReason, isError]),
    })
    await chat.sendMessage({ text: 'read it' })
    expect(chat.error).toBeUndefined()
    const { parts, lastMessage } = chat
    expect(parts.map(({ type }) => type)).toEqual([
      ...['step-start', 'reasoning', 'text', 'dynamic-tool', 'dynamic-tool', 'data-todo'],
      ...['step-start', 'dynamic-tool', 'step-start', 'text', 'data-usage'],
    ])
    expect(parts.slice(1, 4)).toMatchObject([
      { type: 'reasoning', text: 'Where is it?', state: 'done' },
      { type: 'text', text: 'I read it.', state: 'done' },
      {
        ...{ toolName: 'Read', state: 'output-error', providerExecuted: true },
        ...{ input: { file_path: join(cwd, 'none') }, errorText: expect.stringContaining('not exist') },
      },
    ])
    expect(chat.data('todo')).toEqual({ todos: [{ id: '1', content: 'Find it', status: 'completed' }] })
    expect(chat.data('usage')).toMatchObject({ usage: { outputTokens: expect.any(Number) } })
    expect(chat.text).toBe('I read it.|There is **nothing**.')
    expect(lastMessage).toMatchObject({
      metadata: { turnId: lastMessage?.id, sessionId: expect.any(String) },
    })
    expect(finished).toEqual([['stop', false]])

    await chat.sendMessage({ text: 'And this?', files: [{ type: 'file', mediaType: 'image/png', url: dot }] })
    expect(chat.error).toBeUndefined()
    const { sessionId, turnId } = lastMessageOf(chat)
    const { body } = await shared().call('GET', `/sessions/${sessionId}/turns/${turnId}`)
    expect(body.prompt.map(({ type }: { type: string }) => type)).toEqual(['image', 'text'])
  })

  test('streams, and is resumed by a page that comes later; leaving does not stop it', async () => {
    const { base, model } = shared()
    const held = Promise.withResolvers<void>()
    const delivery = { fragmentSize: 4, holdAfterFragments: 3, holdUntil: held.promise }
    model.script('tell me', text('Once upon a time', delivery))
    const chat = new Chat(base, { id: 'to/be resumed' })
    const sent = chat.sendMessage({ text: 'tell me' })
    await until(() => chat.text.length >= 8)
    expect(chat.status).toBe('streaming')
    await chat.stop()
    await sent
    expect(chat.status).toBe('ready')

    const page = new Chat(base, { id: 'to/be resumed', messages: chat.messages.slice(0, 1) })
    const resumed = page.resumeStream()
    await until(() => page.text.length >= 8)
    held.resolve()
    await resumed
    expect(page.text).toBe('Once upon a time')
    expect(page.messages.map(({ id }) => id)).toEqual(chat.messages.map(({ id }) => id))

    await page.resumeStream()
    expect([page.status, page.messages.length]).toEqual(['ready', 2])
    await new Chat(base).resumeStream()
  })

  test('is interrupted by the path for it, or by leaving where the request says so', async () => {
    const { base, model, call } = shared()
    const held = Promise.withResolvers<void>()
    model.script(
      'go on',
      text('On and on and on', { fragmentSize: 4, holdAfterFragments: 2, holdUntil: held.promise }),
    )
    const chat = new Chat(base, { body: { onDisconnect: 'interrupt' } })
    const sent = chat.sendMessage({ text: 'go on' })
    await until(() => chat.text !== '')
    const stopped = await call('POST', `/doors/ui/chat/${chat.id}/stop`)
    expect(stopped.status).toBe(204)
    await sent
    expect([chat.status, chat.text.startsWith('On')]).toEqual(['ready', true])
    const statusOf = async () => {
      const { sessionId, turnId } = lastMessageOf(chat)
      return (await call('GET', `/sessions/${sessionId}/turns/${turnId}`)).body.status
    }
    expect(await statusOf()).toBe('interrupted')

    const left = chat.sendMessage({ text: 'go on' })
    await until(() => chat.messages.length === 4 && chat.text !== '')
    await chat.stop()
    await left
    await until(async () => (await statusOf()) === 'interrupted')
    held.resolve()
  })
})

const dot =
  'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='

function lastMessageOf(chat: Chat): { sessionId: string; turnId: string } {
  return chat.lastMessage?.metadata as { sessionId: string; turnId: string }
}

test('the SDK knows every chunk', () => {
  expectTypeOf<Chunk>().toExtend<UIMessageChunk>()
})

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
})

async function answerNext(chat: Chat, approved: boolean, reason?: string): Promise<void> {
  const open = chat.tools.find(({ state }) => state === 'approval-requested')
  await chat.addToolApprovalResponse({ id: open?.approval?.id ?? '', approved, ...(reason && { reason }) })
}

function contentOf(input: unknown): unknown {
  return (input as { content?: unknown } | undefined)?.content
}
void [APICallError, apiError, apiKey, readFileSync]
