import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { apiError, text, toolUse } from './answer.ts'
import { openStandInModel, type StandInModel } from './stand-in-model.ts'

let model: StandInModel

beforeEach(async () => {
  model = await openStandInModel({ record: true })
})

afterEach(() => model.close())

function post(prompt: string, rest: object = {}, init: RequestInit = {}): Promise<Response> {
  return send({ messages: [{ role: 'user', content: prompt }], ...rest }, init)
}

function send(body: unknown, init: RequestInit = {}, path = '/v1/messages?beta=true'): Promise<Response> {
  const json =
    typeof body === 'string'
      ? body
      : JSON.stringify({ model: 'm', tools: [{ name: 'Bash' }], ...Object(body) })
  return fetch(model.url + path, { method: 'POST', body: json, ...init })
}

async function toEvents(response: Response): Promise<Record<string, unknown>[]> {
  const frames = (await response.text()).split('\n\n').filter(frame => frame !== '')
  return frames.map(frame => JSON.parse(/^event: \w+\ndata: (.*)$/.exec(frame)?.[1] ?? '{}'))
}

async function toText(response: Response): Promise<string> {
  const message = (await response.json()) as { content?: { text: string }[]; error?: { message: string } }
  return message.content?.map(block => block.text).join('') ?? message.error?.message ?? ''
}

describe('answers', () => {
  test('stream as events of the API', async () => {
    const response = await post('What is 6 times 7?', { stream: true })
    expect(response.headers.get('content-type')).toBe('text/event-stream')
    const events = await toEvents(response)
    expect(events.at(0)).toMatchObject({ type: 'message_start', message: { role: 'assistant', model: 'm' } })
    expect(events.at(-1)).toEqual({ type: 'message_stop' })
    const deltas = events.map(event => (event.delta as { text?: string } | undefined)?.text ?? '')
    expect(deltas.join('')).toBe('[stand-in] 6 times 7 is 42.')
  })

  test('come whole when no stream is asked for', async () => {
    expect(await toText(await post('6 times 7'))).toBe('[stand-in] 6 times 7 is 42.')
  })

  test.each([1, 7, 100_000])('of a megabyte arrive complete in fragments of %i', async fragmentSize => {
    const content = 'ä'.repeat(fragmentSize === 1 ? 20_000 : 1_000_000)
    model.script('big', text(content, { fragmentSize }))
    const events = await toEvents(await post('big', { stream: true }))
    expect(events.map(event => (event.delta as { text?: string } | undefined)?.text ?? '').join('')).toBe(
      content,
    )
  })
})

describe('scripts', () => {
  test('come before the tour, the first that matches wins, and each can be taken back', async () => {
    const takeBack = model.script('6 times 7', text('first'))
    model.script(/times/, text('second'))
    expect(await toText(await post('6 times 7'))).toBe('first')
    takeBack()
    expect(await toText(await post('6 times 7'))).toBe('second')
  })

  test('as a list are indexed by the round, the last one repeated', async () => {
    model.script('go', [toolUse('Bash', { command: 'ls' }), text('end')])
    const messages: object[] = [{ role: 'user', content: 'go' }]
    const stops = []
    for (let round = 0; round < 3; round++) {
      const answer = (await (await send({ messages })).json()) as { content: object[]; stop_reason: string }
      stops.push(answer.stop_reason)
      messages.push({ role: 'assistant', content: answer.content })
      messages.push({ role: 'user', content: [{ type: 'tool_result', tool_use_id: 't', content: 'ok' }] })
    }
    expect(stops).toEqual(['tool_use', 'end_turn', 'end_turn'])
    expect(() => model.script('x', [])).toThrow(TypeError)
  })

  test('may be functions of the prompt', async () => {
    model.script(
      prompt => prompt.tools.includes('Bash'),
      async prompt => text(prompt.text.toUpperCase()),
    )
    expect(await toText(await post('hello'))).toBe('HELLO')
  })

  test('that throw show as an error which is not tried again', async () => {
    model.script('go', () => {
      throw new Error('the test is wrong')
    })
    const response = await post('go')
    expect(response.status).toBe(400)
    expect(await toText(response)).toContain('the test is wrong')
  })
})

describe('failures', () => {
  test('have the shape of the API, with its headers', async () => {
    model.script('go', apiError(429, { retryAfter: 3, shouldRetry: true }))
    const response = await post('go', { stream: true })
    expect(response.status).toBe(429)
    expect(response.headers.get('retry-after')).toBe('3')
    expect(response.headers.get('x-should-retry')).toBe('true')
    expect(await response.json()).toMatchObject({ type: 'error', error: { type: 'rate_limit_error' } })
  })

  test.each([true, false])('a connection breaks off (stream: %s)', async stream => {
    model.script('go', text('some words that do not all arrive', { breakAfterFragments: 1 }))
    await expect(post('go', { stream }).then(response => response.text())).rejects.toThrow()
    expect(model.requests.at(-1)?.outcome).toBe('broken')
  })

  test('what was sent before the break arrives', async () => {
    model.script('go', text('abcdef', { fragmentSize: 2, breakAfterFragments: 2 }))
    const response = await post('go', { stream: true })
    let received = ''
    await expect(async () => {
      for await (const chunk of response.body ?? []) received += Buffer.from(chunk).toString()
    }).rejects.toThrow()
    expect(received).toContain('"ab"')
    expect(received).toContain('"cd"')
    expect(received).not.toContain('"ef"')
  })

  test.each([
    ['no JSON', '{', 400],
    ['no object', '5', 400],
    ['more than the API takes', ' '.repeat(33 * 1024 * 1024), 413],
  ])('a body that is %s is refused', async (_what, body, status) => {
    expect((await send(body)).status).toBe(status)
  })

  test('what the API does not have is not found', async () => {
    const response = await fetch(`${model.url}/v1/models`)
    expect(response.status).toBe(404)
    expect(await response.json()).toMatchObject({ type: 'error', error: { type: 'not_found_error' } })
  })
})

describe('waiting', () => {
  test.each([
    ['before the answer', {}],
    ['within the answer', { holdAfterFragments: 1 }],
    ['behind the last fragment', { holdAfterFragments: 2 }],
  ])('holds %s until it is let go', async (_where, delivery) => {
    const held = Promise.withResolvers<void>()
    const started = Promise.withResolvers<void>()
    model.script('go', () => {
      started.resolve()
      return text('abcd', { fragmentSize: 2, holdUntil: held.promise, ...delivery })
    })
    const answer = post('go', { stream: true }).then(toEvents)
    await started.promise
    expect(model.requests.at(-1)?.outcome).toBeUndefined()
    held.resolve()
    expect((await answer).at(-1)).toEqual({ type: 'message_stop' })
  })

  test('ends when the client leaves, and the prompt says so', async () => {
    const left = Promise.withResolvers<void>()
    const started = Promise.withResolvers<void>()
    model.script('go', prompt => {
      prompt.signal.addEventListener('abort', () => left.resolve())
      started.resolve()
      return text('never', { holdUntil: new Promise(() => {}) })
    })
    const client = new AbortController()
    const answer = post('go', { stream: true }, { signal: client.signal })
    await started.promise
    client.abort()
    await expect(answer).rejects.toThrow()
    await left.promise
    expect(model.requests.at(-1)?.outcome).toBe('broken')
  })

  test('ends at close, which may be called again', async () => {
    model.script('go', text('a b c d', { delayMs: 3_600_000, fragmentSize: 1 }))
    const response = await post('go', { stream: true })
    const rest = expect(response.text()).rejects.toThrow()
    await model.close()
    await model.close()
    await rest
    await expect(fetch(model.url)).rejects.toThrow()
  })
})

describe("Claude Code's own requests", () => {
  test('for a title get JSON by the schema, and no script is used', async () => {
    model.script(/./, text('scripted'))
    const schema = { type: 'object', properties: { title: { type: 'string' } }, required: ['title'] }
    const output_config = { format: { type: 'json_schema', schema } }
    const toTitle = async (words: string) =>
      JSON.parse(await toText(await post(words, { tools: [], output_config }))).title
    expect(await toTitle('<session>\nhi\n</session>')).toBe('hi')
    expect(await toTitle('<session>\none two three four five six seven eight')).toBe(
      'one two three four five six seven',
    )
    expect(await toTitle('Name it')).toBe('Stand-in session')
    expect(model.requests.at(-1)).toMatchObject({ kind: 'side' })
  })

  test('for a summary get one that keeps the facts', async () => {
    model.script(/./, text('scripted'))
    const messages = [
      { role: 'user', content: 'Remember that my cat is called Minka' },
      { role: 'assistant', content: 'Noted' },
      { role: 'user', content: 'CRITICAL: Respond with TEXT ONLY. Do NOT call any tools.' },
    ]
    const summary = await toText(await send({ messages }))
    expect(summary).toMatch(/^<summary>\n.*\nRemember that my cat is called Minka\n.*\n<\/summary>$/)
  })

  test('to count tokens and to see whether the API is there are answered', async () => {
    const count = await send({ messages: [] }, {}, '/v1/messages/count_tokens?beta=true')
    expect(await count.json()).toEqual({ input_tokens: expect.any(Number) })
    expect((await fetch(`${model.url}/api/hello`, { method: 'HEAD' })).status).toBe(200)
  })
})

test('requests are recorded in short, never with their headers, and the oldest are dropped', async () => {
  await post('hello', {}, { headers: { 'x-api-key': 'sk-secret', 'x-claude-code-session-id': 's1' } })
  expect(model.requests).toEqual([
    expect.objectContaining({
      kind: 'prompt',
      prompt: 'hello',
      sessionId: 's1',
      answeredBy: 'other',
      status: 200,
    }),
  ])
  expect(JSON.stringify(model.requests)).not.toContain('sk-secret')
  for (let sent = 0; sent < 1000; sent++) await (await fetch(`${model.url}/none`)).body?.cancel()
  expect(model.requests.length).toBe(1000)
  expect(model.requests[0]?.path).toBe('/none')
})

test('a port that is taken is an error', async () => {
  const port = Number(new URL(model.url).port)
  await expect(openStandInModel({ port })).rejects.toThrow('EADDRINUSE')
})

test('a suggestion of the next prompt is one that was not sent yet', async () => {
  const messages = [
    { role: 'user', content: 'What is 6 times 7?' },
    { role: 'assistant', content: '42' },
    { role: 'user', content: '[SUGGESTION MODE: Suggest what the user might naturally type next]' },
  ]
  expect(await toText(await send({ messages }))).toBe('Remember that my cat is called Minka')
  expect(await toText(await send({ messages: messages.slice(2) }))).toBe('What is 6 times 7?')
  expect(model.requests.at(-1)).toMatchObject({ kind: 'side' })
})

test('with reportsCache, most of a conversation that goes on comes from the cache', async () => {
  const cached = await openStandInModel({ reportsCache: true })
  const usageOf = async (messages: object[]) => {
    const init = { method: 'POST', body: JSON.stringify({ model: 'm', tools: [{ name: 'Bash' }], messages }) }
    const response = await fetch(`${cached.url}/v1/messages`, init)
    return ((await response.json()) as { usage: Record<string, number> }).usage
  }
  const first = { role: 'user', content: 'hello '.repeat(100) }
  expect(await usageOf([first])).toMatchObject({ cache_read_input_tokens: 0 })
  const usage = await usageOf([
    first,
    { role: 'assistant', content: 'hi' },
    { role: 'user', content: 'again' },
  ])
  expect(usage.cache_read_input_tokens).toBeGreaterThan(5 * (usage.input_tokens ?? 0))
  await cached.close()
})
