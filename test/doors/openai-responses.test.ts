import OpenAI, { AuthenticationError, BadRequestError, NotFoundError } from 'openai'
import { describe, expect, test } from 'vitest'
import { apiError, text, thinking, together, toolUse } from '../../src/demo/answer.ts'
import { apiKey, shareServer } from '../support/open-server.ts'
import { until } from '../support/open-sessions.ts'

type StreamEvent = OpenAI.Responses.ResponseStreamEvent

const model = 'claude-code'
const look: OpenAI.Responses.FunctionTool = {
  type: 'function',
  name: 'look',
  description: 'Looks out of the window',
  parameters: { type: 'object', properties: { at: { type: 'string' } }, required: ['at'] },
  strict: true,
}

const server = shareServer({ doors: ['openai'] })

function openai(key = apiKey) {
  return new OpenAI({ baseURL: `${server().base}/doors/openai/v1`, apiKey: key, maxRetries: 0 })
}

async function makeKey(tenant: string): Promise<string> {
  const scopes = ['sessions:read', 'sessions:write', 'permissions:answer']
  return (await server().call('POST', '/keys', { name: tenant, tenant, scopes })).body.key
}

const create = (body: object, key?: string) =>
  openai(key).responses.create({ model, ...body } as OpenAI.Responses.ResponseCreateParamsNonStreaming)
const numbersOf = (events: StreamEvent[]) => events.map(event => event.sequence_number)
const saidIn = (events: StreamEvent[]) =>
  events.map(event => (event.type === 'response.output_text.delta' ? event.delta : '')).join('')

/** A text of which the model says the first words, and the rest when it is told to. */
function heldStory(name: string) {
  const rest = Promise.withResolvers<void>()
  const story = `${name}: once upon a time there was a server that listened to everyone, and it remembered.`
  const delivery = { fragmentSize: 9, holdAfterFragments: 9, holdUntil: rest.promise }
  server().model.script(name, together(thinking('Which one?'), text('First a word. '), text(story, delivery)))
  return { story, go: rest.resolve }
}

describe('a response', () => {
  test('is created, found again, and continued; an earlier one is continued without what came after it', async () => {
    const { model: standIn } = server()
    standIn.script('how many', ({ history }) => text(`${history.length} before`))
    const question = { model, input: 'how many?', instructions: 'Count.', metadata: { topic: 'numbers' } }
    const once = { headers: { 'Idempotency-Key': 'first-question' } }
    const first = await openai().responses.create(question, once)
    expect((await openai().responses.create(question, once)).id).toBe(first.id)
    expect(first).toMatchObject({
      object: 'response',
      status: 'completed',
      output_text: '0 before',
      instructions: 'Count.',
      metadata: { topic: 'numbers' },
      error: null,
      previous_response_id: null,
    })
    expect(first.usage?.total_tokens).toBeGreaterThan(0)
    expect(await openai().responses.retrieve(first.id)).toMatchObject({
      id: first.id,
      output: first.output,
      usage: first.usage,
    })
    const next = { input: 'how many?', previous_response_id: first.id }
    const second = await create(next)
    expect(second).toMatchObject({ output_text: '1 before', previous_response_id: first.id })
    expect(await create({ ...next, previous_response_id: second.id })).toMatchObject({
      output_text: '2 before',
    })
    expect(await create(next)).toMatchObject({ output_text: '1 before' })

    const fixed = await create({ ...next, instructions: 'Do not count.' }).catch(error => error)
    expect(fixed).toMatchObject({ status: 400, param: 'instructions' })
    const key = await makeKey('r')
    await expect(create(next, key)).rejects.toMatchObject({ status: 404, param: 'previous_response_id' })
    await expect(openai(key).responses.retrieve(first.id)).rejects.toBeInstanceOf(NotFoundError)
    await expect(openai(key).responses.cancel(first.id)).rejects.toBeInstanceOf(NotFoundError)
    await expect(openai().responses.retrieve('resp_0')).rejects.toBeInstanceOf(NotFoundError)
  })

  test('is streamed with numbers, and a stream that was cut is resumed without a gap or a repetition', async () => {
    const { story, go } = heldStory('a long story')
    const said = `First a word. ${story}`
    const stream = await openai().responses.create({
      model,
      input: 'a long story',
      stream: true,
      background: true,
      reasoning: { summary: 'auto' },
    })
    const before: StreamEvent[] = []
    for await (const event of stream) {
      before.push(event)
      if (saidIn(before).includes('once')) break
    }
    const [created] = before
    if (created?.type !== 'response.created') throw new Error(`${created?.type} came first`)
    const { id } = created.response
    expect(await openai().responses.retrieve(id)).toMatchObject({ status: 'in_progress' })
    const resume = async (after: number) => {
      const rest = await openai().responses.retrieve(id, { stream: true, starting_after: after })
      return Array.fromAsync(rest)
    }
    // The stream is resumed while the text is still being said, and when it is over.
    const resumed = resume(before.at(-1)?.sequence_number ?? 0)
    go()
    const all = [...before, ...(await resumed)]
    expect(numbersOf(all)).toEqual(all.map((_, index) => index))
    expect(saidIn(all)).toBe(said)
    const over = all.at(-1)
    if (over?.type !== 'response.completed') throw new Error(`${over?.type} came last`)
    expect(over.response.output.map(({ type }) => type)).toEqual(['reasoning', 'message', 'message'])
    const replayed = await resume(0)
    expect(replayed.map(({ type, sequence_number }) => [type, sequence_number])).toEqual(
      all.slice(1).map(({ type, sequence_number }) => [type, sequence_number]),
    )
    expect(await resume(4)).toEqual(replayed.slice(4))
    // The helper of the client reads the whole stream, and gives the events after a number.
    const helper = openai().responses.stream({ response_id: id, starting_after: 10 })
    const emitted: number[] = []
    helper.on('event', event => emitted.push(event.sequence_number))
    expect((await helper.finalResponse()).output_text).toBe(said)
    expect(emitted).toEqual(numbersOf(all).slice(11))
  })

  test('runs in the background, and is cancelled', async () => {
    const { go } = heldStory('a slow story')
    const begun = await create({ input: 'a slow story', background: true })
    expect(begun).toMatchObject({ background: true, output: [] })
    expect(['queued', 'in_progress']).toContain(begun.status)
    await until(async () => (await openai().responses.retrieve(begun.id)).status === 'in_progress')
    expect(await openai().responses.cancel(begun.id)).toMatchObject({ id: begun.id, status: 'cancelled' })
    expect(await openai().responses.cancel(begun.id)).toMatchObject({ status: 'cancelled' })
    go()

    server().model.script('it breaks', apiError(500))
    await expect(create({ input: 'it breaks', previous_response_id: begun.id })).rejects.toMatchObject({
      status: 400,
      type: 'server_error',
      code: 'model_error',
    })
    const stream = await openai().responses.create({
      model,
      input: 'it breaks',
      previous_response_id: begun.id,
      stream: true,
    })
    const last = (await Array.fromAsync(stream)).at(-1)
    expect(last).toMatchObject({
      type: 'response.failed',
      response: { status: 'failed', error: { code: 'server_error' } },
    })
  })
})

describe('functions of the client', () => {
  test('end a response with calls, and their outputs continue the turn in the next one', async () => {
    server().model.script('out there', ({ round, toolResults }) =>
      round === 0
        ? together(
            text('I look.'),
            toolUse('mcp__client__look', { at: 'the sky' }),
            toolUse('mcp__client__look', { at: 'the sea' }),
          )
        : text(
            `I see ${toolResults
              .map(({ content }) => content)
              .sort()
              .join(' and ')}.`,
          ),
    )
    const stream = openai().responses.stream({ model, input: 'what is out there?', tools: [look] })
    const events = await Array.fromAsync(stream)
    const first = await stream.finalResponse()
    expect(numbersOf(events)).toEqual(events.map((_, index) => index))
    expect(first.output.map(({ type }) => type)).toEqual(['message', 'function_call', 'function_call'])
    const calls = first.output.filter(item => item.type === 'function_call')
    // Claude Code makes them at once.
    expect(calls.map(({ name, arguments: input }) => `${name} ${input}`).sort()).toEqual([
      'look {"at":"the sea"}',
      'look {"at":"the sky"}',
    ])
    const stored = await openai().responses.retrieve(first.id)
    expect(first).toMatchObject({ status: 'completed', output: stored.output })

    const more = { previous_response_id: first.id, tools: [look] }
    await expect(create({ ...more, input: 'never mind' })).rejects.toThrow(calls[0]?.call_id)
    const outputs = calls.map(({ call_id }, index) => ({
      type: 'function_call_output',
      call_id,
      output: index === 0 ? 'a cloud' : [{ type: 'input_text', text: 'a ship' }],
    }))
    await expect(create({ ...more, input: outputs }, await makeKey('s'))).rejects.toBeInstanceOf(
      BadRequestError,
    )
    const second = await create({ ...more, input: outputs })
    expect(second).toMatchObject({ status: 'completed', output_text: 'I see a cloud and a ship.' })
    expect(second.output.map(({ type }) => type)).toEqual(['message'])
    expect(await openai().responses.retrieve(second.id)).toMatchObject({ output: second.output })
    expect(await openai().responses.retrieve(first.id)).toEqual(stored)
  })
})

/** A conversation whose turn waits for the result of a function, and a result for it. */
async function callOf(name: string, question: string) {
  server().model.script('This conversation began elsewhere', ({ text: said }) =>
    text(said.includes('Thanks') ? 'You are welcome.' : 'I bake.'),
  )
  server().model.script(question, [toolUse(`mcp__client__${name}`, { at: 'door' }), text('I looked.')])
  const agent = { instructions: 'You greet.', tools: [{ ...look, name }] }
  const messages: OpenAI.Responses.ResponseInputItem[] = [{ role: 'user', content: question }]
  const { data, response } = await openai()
    .responses.create({ model, input: messages, ...agent })
    .withResponse()
  const [call] = data.output.filter(item => item.type === 'function_call')
  if (!call) throw new Error('there is no call')
  const result = { type: 'function_call_output', call_id: call.call_id, output: 'done' } as const
  return { agent, input: [...messages, call, result], result, first: data, session: sessionOf(response) }
}
const sessionOf = ({ headers }: Response) => headers.get('x-session-id') ?? ''
const thank = { role: 'user', content: 'Thanks' } as const

describe('results of functions with other settings', () => {
  test('are a handoff where instructions and functions differ: another session continues the conversation', async () => {
    const { agent, input, result, first, session } = await callOf('ask_baker', 'bread, please')
    const baker = { model, instructions: 'You bake.', tools: [{ ...look, name: 'knead' }] }
    const after = { ...baker, previous_response_id: first.id, input: [result] }
    await expect(create(after)).rejects.toMatchObject({ status: 400, param: 'instructions' })
    const handed = await openai()
      .responses.create({ ...baker, input })
      .withResponse()
    expect(handed.data).toMatchObject({ output_text: 'I bake.', instructions: 'You bake.' })
    expect(sessionOf(handed.response)).not.toBe(session)
    const { turns } = (await server().call('GET', `/sessions/${session}/turns`)).body
    expect(turns).toMatchObject([{ status: 'interrupted' }])
    // The new agent keeps the conversation.
    const next = await openai()
      .responses.create({ ...baker, input: [...input, ...handed.data.output, thank] as never })
      .withResponse()
    expect(sessionOf(next.response)).toBe(sessionOf(handed.response))
    await expect(create({ ...agent, input })).rejects.toMatchObject({ status: 400 })
  })

  test('continue the turn where only instructions differ; the next message is not refused', async () => {
    const { agent, input, session } = await callOf('look_up', 'what time is it?')
    const later = { ...agent, instructions: 'You greet, later.' }
    const answer = await openai()
      .responses.create({ model, input, ...later })
      .withResponse()
    expect(sessionOf(answer.response)).toBe(session)
    expect(answer.data).toMatchObject({ output_text: 'I looked.', instructions: 'You greet.' })
    const next = await openai()
      .responses.create({ model, ...later, input: [...input, ...answer.data.output, thank] as never })
      .withResponse()
    expect(sessionOf(next.response)).not.toBe(session)
    expect(next.data).toMatchObject({ output_text: 'You are welcome.', instructions: 'You greet, later.' })
  })

  test('have the model of the session in a chat completion', async () => {
    server().model.script('which model', [toolUse('mcp__client__look', { at: 'x' }), text('This one.')])
    const { name, parameters } = look
    const tools = [{ type: 'function' as const, function: { name, parameters: parameters ?? {} } }]
    const messages: OpenAI.ChatCompletionMessageParam[] = [{ role: 'user', content: 'which model?' }]
    const asked = await openai().chat.completions.create({ model: 'sonnet', messages, tools })
    const message = asked.choices[0]?.message
    const call = message?.tool_calls?.[0]
    if (!message || !call) throw new Error('there is no call')
    messages.push(message, { role: 'tool', tool_call_id: call.id, content: 'y' })
    expect(await openai().chat.completions.create({ model: 'haiku', messages, tools })).toMatchObject({
      model: 'sonnet',
      choices: [{ message: { content: 'This one.' } }],
    })
  })
})

describe('is refused', () => {
  test('a wrong key, and what there is not', async () => {
    await expect(create({ input: 'x' }, 'wrong')).rejects.toBeInstanceOf(AuthenticationError)
    await expect(openai().responses.delete('resp_0')).rejects.toMatchObject({ status: 405 })
    await expect(openai().embeddings.create({ model, input: 'x' })).rejects.toBeInstanceOf(NotFoundError)
  })

  test.each<[string, object]>([
    ['input', { input: 7 }],
    ['input', { input: [] }],
    ['input[0].type', { input: [{ type: 'item_reference', id: 'x' }] }],
    [
      'input[0].content[0].image_url',
      { input: [{ role: 'user', content: [{ type: 'input_image', image_url: 'https://example.com' }] }] },
    ],
    ['max_output_tokens', { input: 'x', max_output_tokens: 10 }],
    ['conversation', { input: 'x', conversation: 'conv_1' }],
    ['prompt', { input: 'x', prompt: { id: 'p' } }],
    ['tools[0].type', { input: 'x', tools: [{ type: 'mcp', server_label: 'x' }] }],
    ['tool_choice', { input: 'x', tool_choice: { type: 'function', name: 'x' } }],
    ['text.format.schema', { input: 'x', text: { format: { type: 'json_schema', name: 'x', schema: {} } } }],
    ['include[0]', { input: 'x', include: ['message.output_text.logprobs'] }],
    ['reasoning.effort', { input: 'x', reasoning: { effort: 'none' } }],
    ['telepathy', { input: 'x', telepathy: true }],
  ])('%s of a response, by its name', async (param, body) => {
    const error = await create(body).catch(reason => reason)
    expect(error).toBeInstanceOf(BadRequestError)
    expect(error).toMatchObject({ param })
  })
})
