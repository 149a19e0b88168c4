import OpenAI from 'openai'
import { describe, expect, test } from 'vitest'
import { text, thinking, together, toolUse } from '../../src/demo/answer.ts'
import { apiKey, shareServer } from '../support/open-server.ts'

const model = 'claude-code'
const user = (content: string) => ({ role: 'user' as const, content })
const assistant = (content: string | null) => ({ role: 'assistant' as const, content })

const server = shareServer({ doors: ['openai'], record: true })

function openai(key = apiKey, options: Partial<ConstructorParameters<typeof OpenAI>[0]> = {}) {
  return new OpenAI({ baseURL: `${server().base}/doors/openai/v1`, apiKey: key, maxRetries: 0, ...options })
}

describe('chat completions', () => {
  test('answer, and the next request with the whole conversation goes on in the same session', async () => {
    const client = openai()
    server().model.script('my name is Ada', text('Hello Ada, how are you today?'))
    const messages: OpenAI.ChatCompletionMessageParam[] = [user('my name is Ada')]
    const { data: first, response } = await client.chat.completions.create({ model, messages }).withResponse()
    expect(first).toMatchObject({
      object: 'chat.completion',
      model,
      choices: [
        { message: { role: 'assistant', content: 'Hello Ada, how are you today?' }, finish_reason: 'stop' },
      ],
    })
    expect(first.usage?.total_tokens).toBeGreaterThan(0)
    server().model.script('who am I', ({ history }) => text(`You are ${JSON.stringify(history ?? '')}`))
    messages.push(first.choices[0]!.message, user('who am I?'))
    const second = await client.chat.completions.create({ model, messages }).withResponse()
    const session = response.headers.get('x-session-id')
    expect(second.response.headers.get('x-session-id')).toBe(session)
  })

  test('stream text as it comes, with the usage in the last chunk', async () => {
    const seen = Promise.withResolvers<void>()
    server().model.script(
      'tell me a story',
      text('Once upon a time there was a server that listened.', {
        fragmentSize: 10,
        holdAfterFragments: 4,
        holdUntil: seen.promise,
      }),
    )
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
    const said = chunks.map(({ choices }) => choices[0]?.delta.content ?? '').join('')
    expect(said).toBe('Once upon a time there was a server that listened.')
    expect(chunks.at(-2)?.choices[0]?.finish_reason).toBe('stop')
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { total_tokens: expect.any(Number) } })
  })
})
