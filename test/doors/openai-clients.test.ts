import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import { AIMessage, HumanMessage, SystemMessage, ToolMessage } from '@langchain/core/messages'
import { tool as langchainTool } from '@langchain/core/tools'
import { ChatOpenAI } from '@langchain/openai'
import { APICallError, generateText, isStepCount, type ModelMessage, streamText, tool } from 'ai'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { text, together, toolUse } from '../../src/demo/answer.ts'
import { apiKey, shareServer } from '../support/open-server.ts'
import { examples, runExample } from '../support/run-example.ts'

const server = shareServer({ doors: ['openai'] })
const baseUrl = () => `${server().base}/doors/openai/v1`
const turnsOf = async () => {
  const { sessions } = (await server().call('GET', '/sessions')).body
  return Promise.all(
    sessions.map(
      async ({ sessionId }: { sessionId: string }) =>
        (await server().call('GET', `/sessions/${sessionId}/turns`)).body.turns.length,
    ),
  )
}
const city = z.object({ city: z.string() })

function scriptWeather() {
  const ask = (name: string) => toolUse('mcp__client__weather', { city: name })
  server().model.script('the weather', ({ round, toolResults }) =>
    round === 0
      ? together(text('I ask.'), ask('Oslo'), ask('Rome'))
      : text(
          `It is ${toolResults
            .map(({ content }) => content)
            .sort()
            .join(' and ')} there.`,
        ),
  )
  server().model.script('thank you', ({ history }) => text(`Welcome, after ${history.length} answer`))
}

describe('the AI SDK', () => {
  const provider = (key = apiKey) =>
    createOpenAICompatible({ name: 'claude', baseURL: baseUrl(), apiKey: key, includeUsage: true })
  const tools = {
    weather: tool({
      description: 'The weather',
      inputSchema: city,
      execute: async input => `fair in ${input.city}`,
    }),
  }

  test('generates a text with tools of its own; the conversation stays in one session', async () => {
    scriptWeather()
    const model = provider()('claude-code')
    const messages: ModelMessage[] = [{ role: 'user', content: 'How is the weather?' }]
    const result = await generateText({ model, messages, tools, stopWhen: isStepCount(5) })
    expect(result.text).toBe('It is fair in Oslo and fair in Rome there.')
    expect(result.steps.map(({ toolCalls }) => toolCalls.length)).toEqual([2, 0])
    expect(result.usage.totalTokens).toBeGreaterThan(0)
    messages.push(...result.responseMessages, {
      role: 'user',
      content: 'thank you',
    })
    const next = await generateText({ model, messages, tools })
    expect(next.text).toBe('Welcome, after 1 answer')
    expect(await turnsOf()).toEqual([2])
  })

  test('streams a text, and knows errors', async () => {
    const story = 'Once upon a time there was a server that listened.'
    server().model.script('a story', text(story, { fragmentSize: 7 }))
    const result = streamText({
      model: provider()('claude-code'),
      system: 'Be brief.',
      prompt: 'tell me a story',
    })
    expect((await Array.fromAsync(result.textStream)).join('')).toBe(story)
    expect(await result.finishReason).toBe('stop')
    expect((await result.usage).outputTokens).toBeGreaterThan(0)
    const refused = generateText({ model: provider('wrong')('claude-code'), prompt: 'x', maxRetries: 0 })
    await expect(refused).rejects.toSatisfy(
      error => APICallError.isInstance(error) && error.statusCode === 401,
    )
    const limited = generateText({
      model: provider()('claude-code'),
      prompt: 'x',
      maxOutputTokens: 5,
      maxRetries: 0,
    })
    await expect(limited).rejects.toThrow('max_tokens')
  })
})

describe('LangChain', () => {
  const chat = (more: object = {}) =>
    new ChatOpenAI({
      model: 'claude-code',
      apiKey,
      configuration: { baseURL: baseUrl() },
      maxRetries: 0,
      ...more,
    })
  const weather = langchainTool(async (input: { city: string }) => `fair in ${input.city}`, {
    name: 'weather',
    description: 'The weather',
    schema: city,
  })

  test.each([false, true])(
    'calls tools and keeps the conversation (Responses API: %s)',
    async useResponsesApi => {
      scriptWeather()
      const model = chat({ useResponsesApi }).bindTools([weather])
      const messages = [new SystemMessage('Be brief.'), new HumanMessage('How is the weather?')]
      const asked = await model.invoke(messages)
      // Claude Code makes them at once.
      expect(asked.tool_calls?.map(({ args }) => args.city).sort()).toEqual(['Oslo', 'Rome'])
      const results = await Promise.all(
        (asked.tool_calls ?? []).map(async call => (await weather.invoke(call)) as unknown as ToolMessage),
      )
      expect(results[0]).toBeInstanceOf(ToolMessage)
      const answer = await model.invoke([...messages, asked, ...results])
      expect(answer).toBeInstanceOf(AIMessage)
      expect(answer.text).toBe('It is fair in Oslo and fair in Rome there.')
      const next = await model.invoke([...messages, asked, ...results, answer, new HumanMessage('thank you')])
      expect(next.text).toBe('Welcome, after 1 answer')
      expect(await turnsOf()).toEqual([2])
    },
  )

  test.each([false, true])('gets data for a schema of zod (Responses API: %s)', async useResponsesApi => {
    server().model.script('a port', toolUse('StructuredOutput', { city: 'Bergen' }))
    const model = chat({ useResponsesApi }).withStructuredOutput(city, { method: 'jsonSchema' })
    expect(await model.invoke('name a port')).toEqual({ city: 'Bergen' })
  })

  test.each([false, true])('streams (Responses API: %s)', async useResponsesApi => {
    const story = 'Once upon a time there was a server that listened.'
    server().model.script('a story', text(story, { fragmentSize: 7 }))
    const chunks = await Array.fromAsync(await chat({ useResponsesApi }).stream('tell me a story'))
    expect(chunks.map(chunk => chunk.text).join('')).toBe(story)
    expect(chunks.length).toBeGreaterThan(2)
    expect(chunks.some(chunk => Object.hasOwn(chunk, 'usage_metadata'))).toBe(true)
  })
})

test('the example of the guide runs as it is printed', async () => {
  const guide = readFileSync(join(import.meta.dirname, '../../docs/guides/door-openai.md'), 'utf8')
  expect(guide).toContain(readFileSync(join(examples, 'doors/openai.ts'), 'utf8'))
  server().model.script('What time is it', [toolUse('mcp__client__now', {}), text('It is time for tea.')])
  const { ended, said, complained } = runExample('doors/openai.ts', [], {
    CLAUDE_CODE_API_URL: server().base,
    CLAUDE_API_KEY: apiKey,
  })
  expect([await ended, complained()]).toEqual([0, ''])
  expect(said()).toBe('Claude asks for the time\nIt is time for tea.\n')
})
