import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { type Options, query, type SDKMessage } from '@anthropic-ai/claude-agent-sdk'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { text, together, toolUse } from '../../src/demo/answer.ts'
import { openStandInModel, type StandInModel } from '../../src/demo/stand-in-model.ts'

let model: StandInModel
let directory: string

beforeAll(async () => {
  model = await openStandInModel()
  directory = await mkdtemp(join(tmpdir(), 'stand-in-'))
})

afterAll(async () => {
  await model.close()
  await rm(directory, { recursive: true, force: true })
})

/** The real Claude Code on the stand-in, one prompt after another. */
function openConversation(options: Options) {
  const waiting: string[] = []
  let wake = () => {}
  let isEnded = false
  async function* input() {
    while (!isEnded) {
      for (const content of waiting.splice(0))
        yield { type: 'user' as const, message: { role: 'user' as const, content }, parent_tool_use_id: null }
      if (waiting.length === 0 && !isEnded) await new Promise<void>(resolve => (wake = resolve))
    }
  }
  const session = query({
    prompt: input(),
    options: {
      cwd: directory,
      settingSources: [],
      env: {
        PATH: dirname(process.execPath),
        HOME: directory,
        CLAUDE_CONFIG_DIR: join(directory, 'config'),
        ANTHROPIC_BASE_URL: model.url,
        ANTHROPIC_API_KEY: 'sk-stand-in',
        CLAUDE_CODE_EMIT_SESSION_STATE_EVENTS: '1',
        // Without this, Claude Code also calls the real API's host, whatever the base URL.
        CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
        CLAUDE_CODE_MAX_RETRIES: '0',
      },
      ...options,
    },
  })
  return {
    async ask(content: string): Promise<SDKMessage[]> {
      waiting.push(content)
      wake()
      const messages: SDKMessage[] = []
      for (;;) {
        const { value, done } = await session.next()
        if (done) throw new Error('Claude Code has ended')
        messages.push(value)
        if (value.type === 'system' && value.subtype === 'session_state_changed' && value.state === 'idle')
          return messages
      }
    },
    /** Settles when the process has ended. */
    async close() {
      isEnded = true
      wake()
      try {
        while (!(await session.next()).done);
      } catch {
        // A process whose last turn was an error ends with code 1, which is thrown here.
      } finally {
        session.close()
      }
    },
  }
}

function toResult(messages: SDKMessage[]) {
  const result = messages.find(message => message.type === 'result')
  if (result?.subtype !== 'success') throw new Error(`No answer: ${result?.subtype}`)
  return result
}

function toBlocks(messages: SDKMessage[]) {
  return messages.flatMap(message => (message.type === 'assistant' ? message.message.content : []))
}

function toErrors(messages: SDKMessage[]) {
  return messages.flatMap(message => (message.type === 'assistant' && message.error ? [message.error] : []))
}

describe('the real Claude Code on the stand-in', () => {
  let conversation: ReturnType<typeof openConversation>
  const ask = (prompt: string) => conversation.ask(prompt)

  beforeAll(() => {
    conversation = openConversation({ permissionMode: 'acceptEdits' })
  })
  afterAll(() => conversation.close())

  test('shows a text', async () => {
    const result = toResult(await ask('What is 6 times 7?'))
    expect(result).toMatchObject({
      result: '[stand-in] 6 times 7 is 42.',
      is_error: false,
      stop_reason: 'end_turn',
    })
  })

  test('remembers', async () => {
    await ask('Remember that my cat is called Minka')
    expect(toResult(await ask('What is my cat called?')).result).toContain('my cat is called Minka')
  })

  test('creates a file', async () => {
    const result = toResult(await ask('Create a file notes.txt with the text hello'))
    expect(await readFile(join(directory, 'notes.txt'), 'utf8')).toBe('hello')
    expect(result.result).toContain('Write is done')
  })

  test('shows a thought', async () => {
    const blocks = toBlocks(await ask('Think about the sea'))
    expect(blocks).toMatchObject([
      { type: 'thinking', thinking: expect.stringContaining('the sea') },
      { type: 'text' },
    ])
  })

  test('runs several tools of one message', async () => {
    const write = (name: string) => toolUse('Write', { file_path: join(directory, name), content: name })
    model.script('two files', [together(write('a.txt'), write('b.txt')), text('both')])
    const messages = await ask('two files')
    expect(toResult(messages).result).toBe('both')
    expect(toBlocks(messages).map(block => block.type)).toEqual(['tool_use', 'tool_use', 'text'])
    expect(await readFile(join(directory, 'a.txt'), 'utf8')).toBe('a.txt')
    expect(await readFile(join(directory, 'b.txt'), 'utf8')).toBe('b.txt')
  })

  test('takes the usage figures', async () => {
    const usage = { inputTokens: 11, outputTokens: 22, cacheReadTokens: 33, cacheCreationTokens: 44 }
    model.script('figures', text('so', { usage }))
    expect(toResult(await ask('figures')).usage).toMatchObject({
      input_tokens: 11,
      output_tokens: 22,
      cache_read_input_tokens: 33,
      cache_creation_input_tokens: 44,
    })
  })

  test('gets a megabyte', async () => {
    const { result } = toResult(await ask('Write 1024 kilobytes'))
    expect(result.length).toBe(1024 * 1024 + '[stand-in] '.length)
  })

  test.each([
    ['Fail with 401', 'authentication_failed', 401],
    ['Fail with 429', 'rate_limit', 429],
    ['Fail with 500', 'server_error', 500],
    ['Fail with 529', 'server_error', 529],
    ['Break off', 'server_error', null],
    ['Stop at the limit', 'max_output_tokens', null],
  ])('%s: an error that says so', async (prompt, error, status) => {
    const messages = await ask(prompt)
    expect(toErrors(messages)).toEqual([error])
    expect(toResult(messages)).toMatchObject({
      is_error: true,
      terminal_reason: 'api_error',
      api_error_status: status,
    })
  })

  test('is refused', async () => {
    const messages = await ask('Refuse')
    expect(toErrors(messages)).toEqual(['invalid_request'])
    expect(toResult(messages)).toMatchObject({ is_error: true, stop_reason: 'refusal' })
  })

  test('works on after all that, and still remembers', async () => {
    expect(toResult(await ask('What is my cat called?')).result).toContain('my cat is called Minka')
  })

  test('remembers when the conversation was replaced by a summary', async () => {
    await ask('/compact')
    expect(toResult(await ask('What is my cat called?')).result).toContain('my cat is called Minka')
  })
})

test('a denied permission is told as such', async () => {
  const conversation = openConversation({ permissionMode: 'default', permissionPrompts: 'none' })
  try {
    const messages = await conversation.ask('Run: touch forbidden.txt')
    expect(toResult(messages).result).toContain('Bash did not succeed')
    expect(toResult(messages).permission_denials).toMatchObject([{ tool_name: 'Bash' }])
    await expect(readFile(join(directory, 'forbidden.txt'))).rejects.toThrow('ENOENT')
  } finally {
    await conversation.close()
  }
})
