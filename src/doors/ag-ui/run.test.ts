import { describe, expect, test } from 'vitest'
import { ClaudeCodeClient, type PromptBlock } from '../../client/index.ts'
import { apiBase, type DoorExchange } from '../../contract/doors.ts'
import { toOwnError } from './api.ts'
import { readInput } from './input.ts'
import { acceptRun } from './run.ts'

type Json = Record<string, unknown>

/** A made-up API with one session. */
class FakeApi {
  session: Json | undefined
  readonly turns: Json[] = []
  readonly permissions: Json[] = []
  /** The requests that change something. */
  readonly changes: string[] = []
  readonly #keys = new Map<string, { body: string; turnId: string }>()

  /** Adds a turn that has ended. */
  addTurn(prompt: string, fields: Json = {}): void {
    const id = `turn-${this.turns.length + 1}`
    const blocks = [{ text: prompt, type: 'text' }]
    this.turns.push({ turnId: id, prompt: blocks, startedAt: 'then', endedAt: 'then', ...fields })
    this.session ??= { config: { appendSystemPrompt: null, clientTools: [] }, preset: null, openRequests: 0 }
    this.session.lastTurn = { turnId: id, endedAt: this.turns.at(-1)?.endedAt }
  }

  /** Makes the last turn wait for an answer. */
  ask(request: Json): void {
    const turnId = this.turns.at(-1)?.turnId
    this.permissions.push({ turnId, toolUseId: null, kind: 'tool', status: 'pending', ...request })
    Object.assign(this.turns.at(-1) ?? {}, { endedAt: null })
    Object.assign(this.session ?? {}, {
      lastTurn: { turnId, endedAt: null },
      openRequests: this.permissions.length,
    })
  }

  /** The texts of the turns' prompts. */
  get prompts(): string[] {
    return this.turns.map(({ prompt }) => (prompt as { text: string }[]).map(({ text }) => text).join(' | '))
  }

  readonly fetch: typeof fetch = async (url, init) => {
    const { method, headers, body } = init as { method: string; headers: Json; body?: string }
    const { pathname, searchParams } = new URL(String(url))
    const path = pathname.replace(/^\/sessions\/[^/]+/, '')
    if (method !== 'GET') this.changes.push(`${method} ${path || '/'}`)
    switch (`${method} ${path.replace(/permissions\/.+/, 'permissions/:id')}`) {
      case 'GET ':
        return this.session ? Response.json(this.session) : fail(404, 'SESSION_NOT_FOUND')
      case 'GET /turns': {
        const [limit, offset] = ['limit', 'offset'].map(name => Number(searchParams.get(name) ?? 0))
        const turns = this.turns.slice(offset, (offset ?? 0) + (limit ?? 0))
        return Response.json({ turns, pagination: { total: this.turns.length } })
      }
      case 'GET /permissions':
        return Response.json({ permissions: this.permissions })
      case 'POST /permissions/:id':
      case 'PATCH ':
        return Response.json({})
      case 'POST /messages':
        return this.#submit(String(headers['Idempotency-Key']), String(body))
      default:
        if (path.startsWith('/turns/')) return Response.json(this.turns.at(-1))
        throw new Error(`Unexpected request: ${method} ${pathname}`)
    }
  }

  #submit(key: string, body: string): Response {
    const known = this.#keys.get(key)
    if (known && known.body !== body) return fail(422, 'IDEMPOTENCY_KEY_REUSED')
    if (known) return Response.json({ turnId: known.turnId }, { status: 202 })
    const { prompt, onBusy } = JSON.parse(body) as { prompt: PromptBlock[]; onBusy?: string }
    const isBusy = this.turns.at(-1)?.endedAt === null
    if (isBusy && onBusy === 'reject') return fail(409, 'SESSION_BUSY')
    // The fields come back in another order, as from PostgreSQL.
    this.addTurn('', { prompt: prompt.map(block => Object.fromEntries(Object.entries(block).reverse())) })
    const turnId = String(this.turns.at(-1)?.turnId)
    this.#keys.set(key, { body, turnId })
    return Response.json({ turnId }, { status: 202 })
  }
}

function fail(status: number, code: string): Response {
  const error = { code, message: code, details: {}, retryable: false, retry: 'never' }
  return Response.json({ error, requestId: 'r' }, { status })
}

/** Runs an agent with messages: a text is the user's. */
async function run(api: FakeApi, runId: string, messages: (string | Json)[], rest: Json = {}) {
  const list = messages.map((message, index) =>
    typeof message === 'string' ? { id: `${index}`, role: 'user', content: message } : message,
  )
  const body = JSON.stringify({ threadId: 'thread', runId, messages: list, ...rest })
  const input = await readInput(new Request('http://door.internal', { method: 'POST', body }))
  const client = new ClaudeCodeClient({ baseUrl: apiBase, fetch: api.fetch, retries: 0 })
  const caller = { tenantId: 'tenant', keyId: 'key' }
  return acceptRun(client, { caller } as DoorExchange, input)
}

describe('messages without an answer between them', () => {
  test('are sent once, however many runs were interrupted', async () => {
    const api = new FakeApi()
    api.addTurn('before')
    const answered = { id: 'a', role: 'assistant', content: 'Yes?' }
    await run(api, 'run 1', ['before', answered, 'one'])
    await run(api, 'run 2', ['before', answered, 'one', 'two'])
    await run(api, 'run 3', ['before', answered, 'one', 'two', 'three'])
    expect(api.prompts).toEqual(['before', 'one', 'two', 'three'])
    // Without a new message, the last one is asked again.
    await run(api, 'run 4', ['before', answered, 'one', 'two', 'three'])
    expect(api.prompts.at(-1)).toBe('three')
  })

  test('are sent again if Claude has not seen them', async () => {
    const api = new FakeApi()
    api.addTurn('cancelled', { startedAt: null })
    await run(api, 'run', ['cancelled', 'next'])
    expect(api.prompts.at(-1)).toBe('cancelled | next')
    api.addTurn('rewound', { rewound: true })
    await run(api, 'other', ['rewound', 'next'])
    expect(api.prompts.at(-1)).toBe('rewound | next')
  })
})

describe('a repeated run', () => {
  test('finds its turn, also after messages that were sent before', async () => {
    const api = new FakeApi()
    api.addTurn('one')
    const first = await run(api, 'again', ['one', 'two', 'three'])
    const second = await run(api, 'again', ['one', 'two', 'three'])
    expect(second.ownTurnIds).toEqual(first.ownTurnIds)
    expect(api.prompts).toEqual(['one', 'two | three'])
    await expect(run(api, 'again', ['one', 'two', 'four'])).rejects.toThrow('runId: ')
    expect(api.turns).toHaveLength(2)
  })

  test('finds its turn while that waits for an answer; another run is refused', async () => {
    const api = new FakeApi()
    api.addTurn('before')
    const messages = ['before', { id: 'a', role: 'assistant', content: 'Yes?' }, 'write it']
    const first = await run(api, 'again', messages)
    api.ask({ permissionId: 'p1' })
    const second = await run(api, 'again', messages)
    expect(second.turnIds).toEqual(first.turnIds)
    await expect(run(api, 'new', messages)).rejects.toThrow('resume: must answer the interrupt p1')
    expect(api.turns).toHaveLength(2)
  })
})

describe('answers without a message of Claude before them', () => {
  const resume = [{ interruptId: 'p1', status: 'resolved', payload: true }]
  const answered = { id: 'a', role: 'assistant', content: 'I write' }
  const waiting = () => {
    const api = new FakeApi()
    for (const prompt of ['one', 'two']) api.addTurn(prompt)
    api.ask({ permissionId: 'p1' })
    return api
  }

  test.each<[(string | Json)[]]>([[['two']], [['one', answered, 'two']], [['one', 'two']]])(
    'continue the turn of the message, which is not sent again: %j',
    async messages => {
      const api = waiting()
      const first = await run(api, 'run', messages, { resume })
      expect(api.changes).toEqual(['POST /permissions/p1'])
      // The turn has ended meanwhile.
      api.permissions.length = 0
      const again = await run(api, 'run', messages, { resume })
      expect([first.turnIds, again.turnIds]).toEqual([['turn-2'], ['turn-2']])
      expect(api.prompts).toEqual(['one', 'two'])
    },
  )

  test.each<[(string | Json)[]]>([[['two', answered, 'three']], [['two', answered, 'two']]])(
    'can come with another prompt, also of the same text: %j',
    async messages => {
      const api = waiting()
      const { turnIds } = await run(api, 'run', messages, { resume })
      expect(turnIds).toEqual(['turn-2', 'turn-3'])
      expect(api.prompts).toEqual(['one', 'two', messages.at(-1)])
    },
  )
})

describe('a run that is refused', () => {
  const answers = { resume: [{ interruptId: 'p1', status: 'resolved', payload: true }] }
  const waiting = () => {
    const api = new FakeApi()
    api.addTurn('write it')
    api.ask({ permissionId: 'p1' })
    return api
  }

  test.each<[string, (string | Json)[], Json]>([
    ['forwardedProps.preset: ', ['next'], { ...answers, forwardedProps: { preset: 'other' } }],
    ['messages[0]: ', [{ id: 's', role: 'system', content: 'Be long' }, 'next'], answers],
    ['resume: must answer the interrupt p1', [{ id: 'a', role: 'assistant', content: 'Yes?' }], {}],
  ])('has sent no answer: %s', async (message, messages, rest) => {
    const api = waiting()
    await expect(run(api, 'run', messages, rest)).rejects.toThrow(message)
    expect(api.changes).toEqual([])
  })

  test('has sent no answer if there is no reason to run, but a result of a tool', async () => {
    const api = waiting()
    api.permissions.length = 0
    api.ask({ permissionId: 'p2', kind: 'client_tool', toolUseId: 'call' })
    const result = { id: 'r', role: 'tool', toolCallId: 'call', content: 'sunny' }
    const rest = [result, { id: 'a', role: 'assistant', content: 'Yes?' }]
    await expect(run(api, 'run', rest)).rejects.toThrow('messages: must end with a message of the user')
    expect(api.changes).toEqual([])
  })

  test('has sent no answer if the API refuses its settings', async () => {
    const api = waiting()
    const { fetch } = api
    const refusing: typeof fetch = async (url, init) =>
      init?.method === 'PATCH' ? fail(400, 'INVALID_REQUEST') : fetch(url, init)
    Object.assign(api, { fetch: refusing })
    const tools = [{ name: 'get_weather', description: 'The weather' }]
    await expect(run(api, 'run', ['next'], { ...answers, tools })).rejects.toThrow('INVALID_REQUEST')
    expect(api.changes).toEqual([])
  })

  test('names the calls without a result in their order', async () => {
    const api = waiting()
    api.permissions.length = 0
    for (const id of ['second', 'first']) {
      api.ask({ permissionId: `p-${id}`, kind: 'client_tool', toolUseId: id })
    }
    const toolCalls = ['first', 'second'].map(id => ({ id, function: { name: 'x', arguments: '{}' } }))
    const message = { id: 'a', role: 'assistant', toolCalls }
    await expect(run(api, 'run', [message, 'next'])).rejects.toMatchObject({
      details: {
        issues: ['first', 'second'].map(id => ({
          path: 'messages',
          message: `must have the result of the tool call ${id} before the next prompt`,
        })),
      },
    })
    expect(api.changes.filter(change => change !== 'POST /messages')).toEqual([])
  })
})

describe('a run that the API would refuse', () => {
  const source = { type: 'data', value: 'AAAA', mimeType: 'image/png' }
  const wrong = {
    id: 'm',
    role: 'user',
    content: [
      { type: 'text', text: 'See' },
      { type: 'image', source },
    ],
  }

  const text = (data: string) => {
    const place = { type: 'data', value: btoa(data), mimeType: 'text/plain' }
    return { id: 'm', role: 'user', content: [{ type: 'document', source: place }] }
  }

  test.each<[string, (string | Json)[], Json]>([
    ['messages[1].content[1].source.mimeType: image/png must match the data', ['a', wrong], {}],
    ['messages[0].content[0].source.value must have at most', [text('x'.repeat(6_000_000))], {}],
    ['messages[0].content[0].source.value: must not be empty', [text('\u00ef\u00bb\u00bf')], {}],
    ['messages: must have at most 100 entries', Array.from({ length: 101 }, () => 'a'), {}],
    ['forwardedProps.model: must not be empty', ['a'], { forwardedProps: { model: '' } }],
    [
      'tools[0].description: must have at most 10000 characters',
      ['a'],
      { tools: [{ name: 'look', description: 'x'.repeat(100_000) }] },
    ],
  ])('names the field in plain words: %s', async (message, messages, rest) => {
    const context = [{ description: 'The file', value: 'a.ts' }]
    const all = { context, ...rest }
    const shown = async (api: FakeApi, runId: string) => {
      const error = await run(api, runId, messages, all).catch(toOwnError)
      expect((error as Error).message).toContain(message)
      expect(api.changes).toEqual([])
    }
    await shown(new FakeApi(), 'first')
    const api = new FakeApi()
    api.addTurn('before')
    await shown(api, 'next')
  })

  test('for its prompt makes no thread, and changes none', async () => {
    const api = new FakeApi()
    await expect(run(api, 'first', [wrong])).rejects.toThrow('image/png must match the data')
    api.addTurn('before')
    const tools = [{ name: 'look', description: 'Looks', parameters: {} }]
    await expect(run(api, 'next', ['before', wrong], { tools })).rejects.toThrow('must match the data')
    expect(api.changes).toEqual([])
  })

  test('for one of its answers gives none', async () => {
    const api = new FakeApi()
    api.addTurn('one')
    api.ask({ permissionId: 'p1' })
    api.ask({ permissionId: 'p2' })
    const resume = [true, { approved: false, message: 'x'.repeat(10_001) }].map((payload, index) => ({
      ...{ interruptId: `p${index + 1}`, status: 'resolved', payload },
    }))
    await expect(run(api, 'run', ['one'], { resume })).rejects.toThrow('resume[1].payload.message')
    expect(api.changes).toEqual([])
  })
})
