import { existsSync } from 'node:fs'
import { join } from 'node:path'
import OpenAI, {
  APIUserAbortError,
  AuthenticationError,
  BadRequestError,
  NotFoundError,
  RateLimitError,
} from 'openai'
import { describe, expect, test } from 'vitest'
import { apiError, text, thinking, together, toolUse } from '../../src/demo/answer.ts'
import { apiKey, shareServer } from '../support/open-server.ts'
import { until } from '../support/open-sessions.ts'
import { answer, pendingPermissions } from '../support/permissions.ts'
import { sentTo } from '../support/sent-to-model.ts'

type Message = OpenAI.ChatCompletionMessageParam

const model = 'claude-code'
const user = (content: string): Message => ({ role: 'user', content })
const weather = (name: string): OpenAI.ChatCompletionTool => ({
  type: 'function',
  function: {
    name,
    description: 'The weather of a city',
    parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
  },
})

const server = shareServer({ doors: ['openai'], record: true })

function openai(key = apiKey, options: ConstructorParameters<typeof OpenAI>[0] = {}) {
  return new OpenAI({ baseURL: `${server().base}/doors/openai/v1`, apiKey: key, maxRetries: 0, ...options })
}

async function makeKey(tenant: string): Promise<string> {
  const scopes = ['sessions:read', 'sessions:write', 'permissions:answer']
  return (await server().call('POST', '/keys', { name: tenant, tenant, scopes })).body.key
}

/** The session that answers, with the answer. */
async function complete(
  client: OpenAI,
  messages: Message[],
  more: object = {},
  headers: Record<string, string> = {},
) {
  const body = { model, messages, ...more } as OpenAI.ChatCompletionCreateParamsNonStreaming
  const { data, response } = await client.chat.completions.create(body, { headers }).withResponse()
  const [choice] = data.choices
  return {
    ...data,
    ...choice,
    content: choice?.message.content,
    session: response.headers.get('x-session-id') ?? '',
  }
}

describe('a conversation', () => {
  test('is found by its history: the same session answers, and only for the same key', async () => {
    const { model: standIn } = server()
    standIn.script('I am Ada', text('Hello Ada, how are you today?'))
    standIn.script('my name', ({ history }) => text(history.length === 1 ? 'Ada' : 'unknown'))
    const messages = [{ role: 'system', content: 'You are brief.' } as Message, user('I am Ada')]
    const first = await complete(openai(), messages)
    expect(first).toMatchObject({
      object: 'chat.completion',
      model,
      content: 'Hello Ada, how are you today?',
      finish_reason: 'stop',
    })
    expect(first.usage?.total_tokens).toBeGreaterThan(0)
    expect(sentTo(standIn)[0]?.system).toContain('You are brief.')
    messages.push(first.message as Message, user('What is my name?'))
    const second = await complete(openai(), messages)
    expect(second).toMatchObject({ content: 'Ada', session: first.session })

    // Another history than that of the session: what the client sends is given to Claude as text.
    messages[2] = { role: 'assistant', content: 'Hello Eve, how are you today?' }
    const third = await complete(openai(), messages)
    expect(third.session).not.toBe(first.session)
    expect(sentTo(standIn).at(-1)?.text).toContain('Hello Eve')

    // The first conversation has continued: it is not the history of this request any more.
    messages[2] = first.message as Message
    const other = await complete(openai(await makeKey('a')), messages)
    expect([first.session, third.session]).not.toContain(other.session)

    // A key of the same tenant sends exactly the history of a session of the first key.
    messages.push(second.message as Message, user('What is my name, again?'))
    const foreign = await complete(openai(await makeKey('default')), messages)
    expect([first.session, third.session, other.session]).not.toContain(foreign.session)
    expect((await complete(openai(), messages)).session).toBe(first.session)
  })

  test('can be named, by a header or by the field user; its history counts once', async () => {
    const { model: standIn } = server()
    standIn.script('count', ({ history }) => text(`${history.length} before this one`))
    const named = { 'x-session-id': 'chat 7' }
    const first = await complete(openai(), [user('count')], {}, named)
    const second = await complete(openai(), [user('count')], { user: 'session:chat 7' })
    expect(second).toMatchObject({ content: '1 before this one', session: first.session })
    const other = await complete(openai(await makeKey('b')), [user('count')], {}, named)
    expect(other.session).not.toBe(first.session)
    const foreign = await complete(openai(await makeKey('default')), [user('count')], {}, named)
    expect([first.session, other.session]).not.toContain(foreign.session)
    // Ids of sessions are names too, within the tenant.
    const direct = { 'x-session-id': first.session }
    await expect(complete(openai(await makeKey('b')), [user('count')], {}, direct)).rejects.toBeInstanceOf(
      NotFoundError,
    )
  })
})

describe('an answer', () => {
  test('is streamed as it comes, with the usage in the last chunk', async () => {
    const seen = Promise.withResolvers<void>()
    const story = 'Once upon a time there was a server that listened.'
    const delivery = { fragmentSize: 10, holdAfterFragments: 4, holdUntil: seen.promise }
    server().model.script('a story', together(thinking('Which one?'), text(story, delivery)))
    const stream = await openai().chat.completions.create({
      model,
      messages: [user('tell me a story')],
      stream: true,
      stream_options: { include_usage: true },
    })
    const chunks: OpenAI.ChatCompletionChunk[] = []
    for await (const chunk of stream) {
      chunks.push(chunk)
      if (chunk.choices[0]?.delta.content?.includes('upon')) seen.resolve()
    }
    expect(chunks.map(({ choices }) => choices[0]?.delta.content ?? '').join('')).toBe(story)
    expect(chunks.at(-2)?.choices[0]?.finish_reason).toBe('stop')
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { total_tokens: expect.any(Number) } })
  })

  test('takes images, and shows thinking and the tools of Claude on request', async () => {
    const { model: standIn, cwd } = server()
    // Claude Code's own words come last, after an image.
    standIn.script('[Image: source', [
      together(thinking('Where am I?'), text('I look.'), toolUse('Bash', { command: 'pwd' })),
      text('You are here.'),
    ])
    const pixel =
      'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='
    const parts = [
      { type: 'image_url', image_url: { url: `data:image/png;base64,${pixel}` } },
      { type: 'text', text: 'look around' },
    ]
    const messages = [{ role: 'user', content: parts } as Message]
    const shown = await complete(openai(), messages, {}, { 'x-show-reasoning': 'true' })
    expect(shown.content).toBe('I look.\n\nYou are here.')
    const { reasoning_content: reasoning } = shown.message as { reasoning_content?: string }
    expect(reasoning).toMatch(/^Where am I\?\n\nBash {"command":"pwd"}\n\n/)
    expect(reasoning).toContain(cwd)
    expect(sentTo(standIn).at(-1)?.text).toContain(pixel)
  })

  test('is data where the request has a format', async () => {
    server().model.script('forty', toolUse('StructuredOutput', { answer: 42 }))
    const schema = { type: 'object', properties: { answer: { type: 'integer' } }, required: ['answer'] }
    const format = { type: 'json_schema', json_schema: { name: 'answer', schema } }
    const { content } = await complete(openai(), [user('forty two')], { response_format: format })
    expect(content).toBe('{"answer":42}')
  })
})

describe('functions of the client', () => {
  test('several calls of one message end the answer, and their results continue the turn', async () => {
    const { model: standIn, call } = server()
    const ask = (city: string) => toolUse('mcp__client__get_weather', { city })
    standIn.script('the weather', ({ round, toolResults }) =>
      round === 0
        ? together(text('I ask.'), ask('Oslo'), ask('Rome'))
        : text(
            toolResults
              .map(({ content }) => content)
              .sort()
              .join(' and '),
          ),
    )
    const messages = [user('How is the weather?')]
    const more = { tools: [weather('get_weather')] }
    const first = await complete(openai(), messages, more)
    expect(first).toMatchObject({ content: 'I ask.', finish_reason: 'tool_calls' })
    const calls = first.message?.tool_calls as OpenAI.ChatCompletionMessageFunctionToolCall[]
    // Claude Code makes them at once.
    expect(calls.map(one => `${one.function.name} ${one.function.arguments}`).sort()).toEqual([
      'get_weather {"city":"Oslo"}',
      'get_weather {"city":"Rome"}',
    ])
    const withCalls = [...messages, first.message as Message]
    const result = (index: number, content: string) =>
      ({ role: 'tool', tool_call_id: calls[index]?.id, content }) as Message
    await expect(complete(openai(), [...withCalls, result(0, 'sunny')], more)).rejects.toThrow(calls[1]?.id)
    const results = [...withCalls, result(1, 'rainy'), result(0, 'sunny')]
    await expect(complete(openai(await makeKey('c')), results, more)).rejects.toBeInstanceOf(BadRequestError)
    const second = await complete(openai(), results, more)
    expect(second).toMatchObject({
      content: 'rainy and sunny',
      finish_reason: 'stop',
      session: first.session,
    })
    expect((await call('GET', `/sessions/${first.session}/turns`)).body.turns).toHaveLength(1)
    // A repetition, as after a broken connection, has the same answer; the results are not given twice.
    expect(await complete(openai(), results, more)).toMatchObject({
      content: 'rainy and sunny',
      id: second.id,
    })
    const third = await complete(openai(), [...results, second.message as Message, user('Thank you')], more)
    expect(third.session).toBe(first.session)
  })

  test("are called by the client's own runner, streamed, and one after the other on request", async () => {
    const call = (city: string) => toolUse('mcp__client__look', { city })
    server().model.script('forecast', ({ round, toolResults }) =>
      round === 0
        ? together(call('town 0'), call('town 1'))
        : text(toolResults.map(({ content }) => content).join(', ')),
    )
    let rounds = 0
    const asked: string[] = []
    const look = (input: { city: string }) => {
      asked.push(input.city)
      return `windy in ${input.city}`
    }
    const lookAround = {
      name: 'look',
      parameters: { type: 'object', properties: { city: { type: 'string' } } },
    }
    const runner = openai().chat.completions.runTools({
      model,
      stream: true,
      messages: [user('the forecast')],
      parallel_tool_calls: false,
      tools: [
        {
          ...weather('look'),
          function: { ...lookAround, function: look, parse: JSON.parse },
        } as never,
      ],
    })
    runner.on('chatCompletion', () => rounds++)
    expect(await runner.finalContent()).toBe('windy in town 0, windy in town 1')
    expect([asked, rounds]).toEqual([['town 0', 'town 1'], 3])
  })
})

describe('a turn', () => {
  test('waits while someone else answers its permission, on request; else everything is denied at once', async () => {
    const { model: standIn, cwd } = server()
    standIn.script('write it', [
      toolUse('Write', { file_path: join(cwd, 'openai.txt'), content: 'x' }),
      text('So be it.'),
    ])
    const named = { 'x-session-id': '5f0c9a4e-7a52-4c3c-9b53-3f1f2d1c0a01', 'x-permission-prompts': 'ask' }
    const waiting = complete(openai(), [user('write it')], {}, named)
    await until(async () => (await server().call('GET', '/permissions')).body.permissions.length > 0)
    const [request] = await pendingPermissions(server(), named['x-session-id'])
    expect(request).toMatchObject({ kind: 'tool', toolName: 'Write' })
    expect((await answer(server(), request, { decision: 'allow' })).status).toBe(200)
    expect(await waiting).toMatchObject({ content: 'So be it.', session: named['x-session-id'] })
  })

  test('is interrupted when the client leaves; its failure is an error of the client', async () => {
    const { model: standIn, call } = server()
    const named = { headers: { 'x-session-id': '5f0c9a4e-7a52-4c3c-9b53-3f1f2d1c0a02' } }
    const turns = async () =>
      (await call('GET', `/sessions/${named.headers['x-session-id']}/turns`)).body.turns
    standIn.script(
      'forever',
      text('A word and then nothing', {
        fragmentSize: 6,
        holdAfterFragments: 3,
        holdUntil: new Promise(() => {}),
      }),
    )
    const stream = await openai().chat.completions.create(
      { model, messages: [user('forever')], stream: true },
      named,
    )
    for await (const { choices } of stream) if (choices[0]?.delta.content) break
    await until(async () => (await turns())[0].status === 'interrupted')

    const leaving = new AbortController()
    const plain = openai().chat.completions.create(
      { model, messages: [user('forever')] },
      { ...named, signal: leaving.signal },
    )
    await until(async () => (await turns())[1]?.status === 'running')
    leaving.abort()
    await expect(plain).rejects.toBeInstanceOf(APIUserAbortError)
    await until(async () => (await turns())[1].status === 'interrupted')

    // Nobody can be asked in this session.
    const file = join(server().cwd, 'openai-denied.txt')
    standIn.script('write that', [toolUse('Write', { file_path: file, content: 'x' }), text('I may not.')])
    const denied = await complete(openai(), [user('write that')], {}, named.headers)
    expect([denied.content, existsSync(file)]).toEqual(['I may not.', false])

    standIn.script('too much', apiError(429))
    const failing = { model, messages: [user('too much')] }
    const failure = await openai()
      .chat.completions.create(failing, named)
      .catch(error => error)
    expect(failure).toBeInstanceOf(RateLimitError)
    expect(failure).toMatchObject({ code: 'rate_limited' })
    // The client's own retries do not run the turn again.
    expect(failure.headers.get('x-should-retry')).toBe('false')
    const broken = await openai().chat.completions.create({ ...failing, stream: true }, named)
    await expect(Array.fromAsync(broken)).rejects.toMatchObject({ code: 'rate_limited' })
  })
})

describe('models', () => {
  test('are Claude Code, its models, and presets, which are used by name', async () => {
    const { call, model: standIn } = server()
    const configuration = { appendSystemPrompt: 'You review.' }
    await call('POST', '/presets', { name: 'reviewer', configuration })
    const ids = (await Array.fromAsync(openai().models.list())).map(({ id }) => id)
    expect(ids).toEqual(expect.arrayContaining(['claude-code', 'reviewer@1']))
    expect(await openai().models.retrieve('reviewer')).toMatchObject({ id: 'reviewer', object: 'model' })
    await expect(openai().models.retrieve('gpt-9')).rejects.toMatchObject({
      status: 404,
      code: 'model_not_found',
    })
    const messages = [{ role: 'developer', content: 'Be kind.' } as Message, user('review')]
    const { session } = await complete(openai(), messages, { model: 'reviewer@1' })
    expect((await call('GET', `/sessions/${session}`)).body.preset).toEqual({ name: 'reviewer', version: 1 })
    expect(sentTo(standIn).at(-1)?.system).toMatch(/You review\.\s+Be kind\./)
    await expect(complete(openai(), [user('x')], { model: 'gpt-9' })).rejects.toMatchObject({
      param: 'model',
      status: 404,
    })
  })
})

describe('is refused', () => {
  test('a wrong key, in the class of the client', async () => {
    await expect(openai('wrong').models.list()).rejects.toBeInstanceOf(AuthenticationError)
    await expect(complete(openai('wrong'), [user('x')])).rejects.toBeInstanceOf(AuthenticationError)
  })

  const one = [user('x')]
  test.each<[string, object]>([
    ['model', { messages: one, model: undefined }],
    ['messages', { messages: [] }],
    ['messages', { messages: [user('x'), { role: 'assistant', content: 'y' }] }],
    ['messages[0].role', { messages: [{ role: 'robot', content: 'x' }] }],
    [
      'messages[0].content[0].image_url.url',
      {
        messages: [
          { role: 'user', content: [{ type: 'image_url', image_url: { url: 'https://example.com/x.png' } }] },
        ],
      },
    ],
    [
      'messages[0].content[0].type',
      { messages: [{ role: 'user', content: [{ type: 'input_audio', input_audio: {} }] }] },
    ],
    ['messages[0]', { messages: [{ role: 'tool', tool_call_id: 'call_x', content: 'x' }] }],
    ['n', { messages: one, n: 2 }],
    ['stop', { messages: one, stop: ['.'] }],
    ['max_tokens', { messages: one, max_tokens: 100 }],
    ['max_completion_tokens', { messages: one, max_completion_tokens: 100 }],
    ['logprobs', { messages: one, logprobs: true }],
    ['tool_choice', { messages: one, tools: [weather('w')], tool_choice: 'required' }],
    ['tools[0].type', { messages: one, tools: [{ type: 'web_search' }] }],
    ['tools[0].function.name', { messages: one, tools: [weather('a b')] }],
    [
      'response_format.json_schema.schema',
      {
        messages: one,
        response_format: { type: 'json_schema', json_schema: { name: 'x', schema: { type: 'array' } } },
      },
    ],
    ['reasoning_effort', { messages: one, reasoning_effort: 'none' }],
    ['telepathy', { messages: one, telepathy: true }],
  ])('%s of a chat completion, by its name', async (param, body) => {
    const sent = openai().post('/chat/completions', { body: { model, ...body } })
    const error = await sent.catch(reason => reason)
    expect(error).toBeInstanceOf(BadRequestError)
    expect(error).toMatchObject({ param, type: 'invalid_request_error' })
  })
})
