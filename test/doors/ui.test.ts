import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { APICallError, type UIMessage, type UIMessageChunk } from 'ai'
import { describe, expect, expectTypeOf, test } from 'vitest'
import { apiError, text, thinking, together, toolUse } from '../../src/demo/answer.ts'
import type { Chunk } from '../../src/doors/ui/chunk.ts'
import { apiKey, shareServer } from '../support/open-server.ts'
import { until } from '../support/open-sessions.ts'
import { examples, runExample } from '../support/run-example.ts'
import { Chat } from './ui-chat.ts'

const shared = shareServer({ doors: ['ui'] })

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
    const unknown = new Chat(base)
    await unknown.resumeStream()
    expect([unknown.status, unknown.error, unknown.messages]).toEqual(['ready', undefined, []])
    for (const id of [page.id, unknown.id]) {
      const { status } = await shared().send('GET', `/doors/ui/chat/${encodeURIComponent(id)}/stream`)
      expect(status).toBe(204)
    }
  })

  test('is whole after its connection has broken', async () => {
    const { base, model } = shared()
    const held = Promise.withResolvers<void>()
    const delivery = { fragmentSize: 4, holdAfterFragments: 3, holdUntil: held.promise }
    model.script('say it all', text('All of it, to the end', delivery))
    const chat = new Chat(base, { fetch: cutOnce(() => chat.text.length >= 8) })
    await chat.sendMessage({ text: 'say it all' })
    expect([chat.status, chat.error?.message]).toEqual(['error', 'network error'])
    const resumed = chat.resumeStream()
    held.resolve()
    await resumed
    expect([chat.error, chat.text, chat.messages.length]).toEqual([undefined, 'All of it, to the end', 2])
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

/** A `fetch` whose first response breaks off when this becomes true. */
function cutOnce(isTime: () => boolean): typeof fetch {
  let isCut = false
  return async (input, init) => {
    const response = await fetch(input, init)
    if (isCut || !response.body) return response
    isCut = true
    const reader = response.body.getReader()
    const body = new ReadableStream({
      async start(controller) {
        while (!isTime()) {
          // The text is there when the page has read it.
          const { value } = await Promise.race([
            reader.read(),
            until(isTime).then(() => ({ value: undefined })),
          ])
          if (value) controller.enqueue(value)
        }
        await reader.cancel()
        controller.error(new TypeError('network error'))
      },
    })
    return new Response(body, response)
  }
}

const dot =
  'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='

function lastMessageOf(chat: Chat): { sessionId: string; turnId: string } {
  return chat.lastMessage?.metadata as { sessionId: string; turnId: string }
}

test('the SDK knows every chunk', () => {
  expectTypeOf<Chunk>().toExtend<UIMessageChunk>()
})

describe('an answer', () => {
  test('is made again by regenerate, and a prompt by an edit; Claude forgets what it has said since', async () => {
    const { base, model } = shared()
    const heard: string[] = []
    model.script('recall', ({ history, text: said }) => {
      heard.push(JSON.stringify([history, said]))
      return text(`answer ${heard.length}`)
    })
    const chat = new Chat(base)
    await chat.sendMessage({ text: 'recall one' })
    await chat.sendMessage({ text: 'recall two' })
    const [, , asked] = chat.messages
    await chat.regenerate()
    expect(chat.text).toBe('answer 3')
    expect(heard[2]).toContain('answer 1')
    expect(heard[2]).not.toContain('answer 2')
    await chat.sendMessage({ text: 'recall three', messageId: asked?.id ?? '' })
    expect(chat.messages.map(({ role }) => role)).toEqual(['user', 'assistant', 'user', 'assistant'])
    expect(heard[3]).not.toMatch(/answer 3|recall two/)
    expect(heard[3]).toContain('recall three')
    expect(chat.error).toBeUndefined()
  })

  test('that fails is an error in the stream, and can be made again', async () => {
    const { base, model } = shared()
    let isBroken = true
    model.script('may fail', () => (isBroken ? apiError(400, { message: 'no such thing' }) : text('Now.')))
    const chat = new Chat(base)
    await chat.sendMessage({ text: 'may fail' })
    expect(chat.status).toBe('error')
    expect(chat.error?.message).toMatch(/refused the request as invalid.*\(MESSAGE_SEND_FAILED\)/)
    isBroken = false
    await chat.regenerate()
    expect([chat.status, chat.text, chat.messages.length]).toEqual(['ready', 'Now.', 2])
  })
})

describe('a request', () => {
  const send = (body: unknown, path = '/doors/ui/chat') => shared().send('POST', path, body)
  const message = (...parts: object[]) => ({ id: 'm', role: 'user', parts })
  const hello = message({ type: 'text', text: 'hello' })

  test.each([
    ['messages', { id: 'x' }],
    ['temperature', { id: 'x', messages: [hello], temperature: 1 }],
    ['messages.0.parts', { id: 'x', messages: [message()] }],
    [
      'messages.0.parts.0.url',
      { id: 'x', messages: [message({ type: 'file', mediaType: 'image/png', url: 'https://a.test/b' })] },
    ],
    [
      'messages.0.parts.0.mediaType',
      {
        id: 'x',
        messages: [message({ type: 'file', mediaType: 'audio/mp3', url: 'data:audio/mp3;base64,AAAA' })],
      },
    ],
    ['messages.0.parts.0.type', { id: 'x', messages: [message({ type: 'source-url' })] }],
    ['session.preset', { id: 'x', messages: [hello], session: { preset: 'a' } }],
    ['moddel', { id: 'x', messages: [hello], session: { moddel: 'a' } }],
    ['clientTools', { id: 'x', messages: [hello], clientTools: [{ name: 'no name' }] }],
    ['last message', { id: 'x', messages: [{ ...hello, role: 'system' }] }],
    ['messages.0.id: must be that of an answer', { id: 'x', messages: [{ ...hello, role: 'assistant' }] }],
    ['message: must not be an edited one', { id: 'x', message: hello, messageId: 'm' }],
    ['body: must be JSON', '{'],
  ])('that is wrong names the field: %s', async (named, body) => {
    const response = await (typeof body === 'string'
      ? shared().send('POST', '/doors/ui/chat', undefined, {
          body,
          headers: { 'content-type': 'application/json' },
        })
      : send(body))
    const said = await response.text()
    expect(response.status, said).toBe(400)
    expect(said).toContain(named)
    expect(said).toMatch(/ \([A-Z_]+\)$/)
  })

  test('with a wrong key is an error of the SDK, with the status', async () => {
    const chat = new Chat(shared().base, { key: 'wrong' })
    await chat.sendMessage({ text: 'hello' })
    expect(APICallError.isInstance(chat.error)).toBe(true)
    expect(chat.error).toMatchObject({
      statusCode: 403,
      message: expect.stringMatching(/key.*\(INVALID_API_KEY\)/),
    })
  })

  test('names a preset, which the chat keeps, and another tenant sees nothing of it', async () => {
    const { base, call, model } = shared()
    model.script('who are you', text('Arr'))
    const configuration = { appendSystemPrompt: 'Be a pirate' }
    await call('POST', '/presets', { name: 'pirate', configuration })
    const chat = new Chat(base, { id: 'shared id', body: { preset: 'pirate' } })
    await chat.sendMessage({ text: 'who are you' })
    const { sessionId } = lastMessageOf(chat)
    const { preset, config } = (await call('GET', `/sessions/${sessionId}`)).body
    expect([preset, config.permissionPrompts]).toEqual([{ name: 'pirate', version: 1 }, 'ask'])
    const other = await send({ id: 'shared id', messages: [hello], preset: 'sailor' })
    expect([other.status, await other.text()]).toEqual([409, expect.stringContaining('pirate@1')])

    const scopes = ['sessions:read', 'sessions:write']
    const bound = (await call('POST', '/keys', { name: 'a', scopes, sessionId })).body.key
    const guest = new Chat(base, { id: 'shared id', key: bound, messages: chat.messages })
    await guest.sendMessage({ text: 'who are you' })
    expect([guest.error, guest.text]).toEqual([undefined, 'Arr'])
    const uninvited = new Chat(base, { id: 'another', key: bound })
    await uninvited.sendMessage({ text: 'hello' })
    expect(uninvited.error).toMatchObject({ statusCode: 403 })

    const made = await call('POST', '/keys', {
      name: 'b',
      tenant: 'elsewhere',
      scopes: ['sessions:read', 'sessions:write'],
    })
    const stranger = new Chat(base, { id: 'shared id', key: made.body.key, messages: chat.messages })
    await stranger.sendMessage({ text: 'who are you' })
    expect(stranger.error).toBeUndefined()
    expect(stranger.lastMessage?.metadata).not.toMatchObject({ sessionId })
    expect((await call('GET', `/sessions/${sessionId}/turns`)).body.turns).toHaveLength(2)
    const taken: UIMessage = {
      id: lastMessageOf(chat).turnId,
      role: 'assistant',
      parts: [],
      metadata: { sequence: 1 },
    }
    const thief = new Chat(base, { id: 'shared id', key: made.body.key, messages: [taken] })
    await thief.sendMessage()
    expect(thief.error).toMatchObject({ statusCode: 400 })
  })
})

test('the example runs, and is in the guide', async () => {
  const { base, model, cwd } = shared()
  const file = join(cwd, 'example.txt')
  model.script('Create the example', [toolUse('Bash', { command: `touch ${file}` }), text('There it is')])
  const env = { CLAUDE_CODE_API_URL: base, CLAUDE_API_KEY: apiKey }
  const example = runExample('doors/ui.ts', ['Create the example'], env)
  const refused = runExample('doors/ui.ts', [], { ...env, CLAUDE_API_KEY: 'wrong' })
  // As from a pipe: the answer is there before the question, and no more follows.
  example.child.stdin.end('yes\n')
  expect([await example.ended, example.complained()]).toEqual([0, ''])
  expect(example.said()).toContain('Claude: There it is')
  expect(existsSync(file)).toBe(true)
  expect(await refused.ended).toBe(1)
  expect(refused.complained()).toContain('INVALID_API_KEY')
  const guide = readFileSync(join(examples, '../docs/guides/door-ui.md'), 'utf8')
  expect(guide).toContain(readFileSync(join(examples, 'doors/ui.ts'), 'utf8').trim())
})
