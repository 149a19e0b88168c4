import { readUIMessageStream, type UIMessage, type UIMessageChunk } from 'ai'
import { describe, expect, test } from 'vitest'
import type { SessionClient, SessionEvent } from '../../client/index.ts'
import type { Chunk } from './chunk.ts'
import type { UiRequest } from './requests.ts'
import { streamTurn, type TurnStreamOptions } from './turn-stream.ts'

const turnId = 'turn'
let sequence = 0
const event = (type: string, data: object) => ({ type, data: { turnId, ...data } }) as SessionEvent
const stored = (type: string, data: object) => event(type, { sequence: ++sequence, ...data })
const said = (id: string, ...content: object[]) =>
  stored('message', { message: { type: 'assistant', message: { id, model: 'claude', content } } })
const result = (tool_use_id: string, content: string, more: object = {}) =>
  stored('message', {
    message: { type: 'user', message: { content: [{ type: 'tool_result', tool_use_id, content, ...more }] } },
  })
const words = (text: string) => ({ type: 'text', text })
const call = (id: string, name: string, input: object = {}) => ({ type: 'tool_use', id, name, input })
const delta = (messageId: string, blockIndex: number, piece: object) =>
  event('delta', { messageId, blockIndex, delta: piece })
const typed = (text: string) => ({ type: 'text', text })
const input = (partialJson: string, toolUseId: string, toolName: string) => ({
  ...{ type: 'input_json', partialJson },
  ...{ toolUseId, toolName },
})
const request = (permissionId: string, kind: string, toolUseId: string | null, more: object = {}) => ({
  ...{ permissionId, kind, toolUseId, toolName: 'Bash', input: {}, title: 'May it?', description: null },
  ...{ status: 'pending', message: null, ...more },
})
const asked = (...fields: Parameters<typeof request>) => stored('permission.requested', request(...fields))
const decided = (status: string, ...[id, kind, call, more]: Parameters<typeof request>) =>
  stored('permission.resolved', request(id, kind, call, { status, ...more }))
const live = event('caught_up', {})
const completed = () => stored('turn.completed', { status: 'completed', stopReason: 'end_turn', usage: null })

async function read(events: SessionEvent[], options: Partial<TurnStreamOptions> = {}): Promise<Chunk[]> {
  const follow = async function* () {
    yield* events
  }
  const session = { id: 'session', follow } as unknown as SessionClient
  const { signal } = new AbortController()
  return await Array.fromAsync(streamTurn(session, { turnId, signal, ...options }))
}

/** The message that the SDK makes of the chunks. */
async function show(chunks: Chunk[], message?: UIMessage): Promise<UIMessage> {
  const stream = ReadableStream.from(chunks as UIMessageChunk[])
  const shown = await Array.fromAsync(
    readUIMessageStream({ stream, ...(message && { message }), terminateOnError: true }),
  )
  return shown.at(-1) as UIMessage
}

/** Parts without what is the same everywhere. */
function brief({ parts }: UIMessage): unknown[] {
  return parts.map(part => {
    if (part.type === 'text') return part.text
    return 'state' in part && 'toolCallId' in part ? [part.toolCallId, part.state] : part.type
  })
}

test('the input of a tool comes piece by piece', async () => {
  const chunks = await read([
    live,
    delta('m', 0, input('{"command"', 'a', 'Bash')),
    delta('m', 0, input(':"ls"}', 'a', 'Bash')),
    said('m', call('a', 'Bash', { command: 'ls' })),
    result('a', 'file'),
    completed(),
  ])
  expect(chunks.map(({ type }) => type)).toEqual([
    ...['start', 'start-step', 'tool-input-start', 'tool-input-delta', 'tool-input-delta'],
    ...['tool-input-available', 'tool-output-available', 'finish-step', 'finish'],
  ])
  const message = await show(chunks)
  expect(message.parts[1]).toMatchObject({ toolName: 'Bash', input: { command: 'ls' }, output: 'file' })
})

test('pieces that come to nothing are taken back', async () => {
  const chunks = await read([
    live,
    said('m', words('Kept.')),
    delta('m', 1, typed('Never ')),
    event('delta.voided', { messageId: 'm', blockIndex: 1 }),
    delta('n', 0, typed('Again')),
    event('reconnected', {}),
    delta('n', 0, typed('Again.')),
    said('n', words('Again.')),
    completed(),
  ])
  expect(brief(await show(chunks))).toEqual(['step-start', 'Kept.', 'step-start', 'Again.'])
})

describe('deltas that overtake the message before', () => {
  const chunksOf = (...events: SessionEvent[]) => read([live, ...events, completed()])
  const shownOf = async (...events: SessionEvent[]) => brief(await show(await chunksOf(...events)))

  test('wait for it', async () => {
    const early = [
      delta('m', 0, typed('One ')),
      delta('m', 0, typed('two')),
      delta('m', 1, input('{', 'a', 'Bash')),
      delta('n', 0, typed('Three ')),
    ]
    const first = [said('m', words('One two')), said('m', call('a', 'Bash'))]
    const rest = [result('a', 'ran'), delta('n', 0, typed('four')), said('n', words('Three four'))]
    const parts = ['step-start', 'One two', ['a', 'output-available'], 'step-start', 'Three four']
    expect(await shownOf(...early, ...first, ...rest)).toEqual(parts)
    const chunks = await chunksOf(...early, ...first, ...rest)
    expect(chunks.flatMap(chunk => (chunk.type === 'text-delta' ? chunk.delta : []))).toEqual([
      ...['One ', 'two', 'Three ', 'four'],
    ])
  })

  test('are taken back if nothing of it was streamed', async () => {
    const second = [
      delta('n', 0, typed('Two')),
      delta('n', 1, input('{"fine"', 'a', 'mcp__client__locate')),
      said('m', words('One')),
      delta('n', 1, input(':true}', 'a', 'mcp__client__locate')),
      said('n', words('Two')),
      said('n', call('a', 'mcp__client__locate', { fine: true })),
      result('a', 'Rome'),
    ]
    const message = await show(await chunksOf(...second))
    expect(brief(message)).toEqual(['step-start', 'One', 'step-start', 'Two', ['a', 'output-available']])
    expect(message.parts[4]).toMatchObject({ type: 'tool-locate', input: { fine: true } })
  })

  test('are dropped like others, and come again like others', async () => {
    const early = [delta('m', 0, typed('One')), delta('n', 0, typed('Never')), delta('n', 1, typed('Two'))]
    const voided = event('delta.voided', { messageId: 'n', blockIndex: 0 })
    const stored = () => [said('m', words('One')), said('n', words('Two'))]
    const parts = ['step-start', 'One', 'step-start', 'Two']
    expect(await shownOf(...early, voided, ...stored())).toEqual(parts)
    expect(await shownOf(...early, event('reconnected', {}), ...early, voided, ...stored())).toEqual(parts)
  })

  test('are shown once a block that stays away is known to: it is voided, or the log is past it', async () => {
    const early = [delta('m', 0, typed('Never')), delta('n', 0, typed('One'))]
    const voided = event('delta.voided', { messageId: 'm', blockIndex: 0 })
    expect(await shownOf(...early, voided, said('n', words('One')))).toEqual(['step-start', 'One'])
    const shown = await shownOf(...early, said('n', words('One')), said('n', words('Two')))
    expect(shown).toEqual(['step-start', 'Never', 'step-start', 'One', 'Two'])
    const half = [said('m', words('Half')), delta('m', 1, typed('Never')), said('n', words('One'))]
    expect(await shownOf(...half)).toEqual(['step-start', 'Half', 'Never', 'step-start', 'One'])
  })
})

test('a request takes back the calls that run beside it; they come with the rest', async () => {
  sequence = 0
  const first = [
    said('m', words('I do.')),
    said('m', call('running', 'Bash')),
    said('m', words('And then')),
    said('m', call('asking', 'Write')),
    said('m', call('done', 'Read')),
    result('done', 'read'),
  ]
  const asking = asked('p', 'tool', 'asking')
  const chunks = await read([live, ...first, delta('m', 5, typed('Half')), asking, completed()])
  const paused = await show(chunks)
  expect(brief(paused)).toEqual([
    'step-start',
    'I do.',
    ['asking', 'approval-requested'],
    ['done', 'output-available'],
  ])
  expect(paused.metadata).toMatchObject({ sequence: 1 })

  const calls = new Map([
    ['asking', { state: 'approval-responded', approvalId: 'p' }],
    ['done', { state: 'output-available', approvalId: undefined }],
  ])
  const rest = [
    ...first.slice(1),
    asking,
    decided('denied', 'p', 'tool', 'asking'),
    live,
    result('running', 'ran'),
    result('asking', 'no', { is_error: true }),
    said('n', words('Over.')),
    completed(),
  ]
  const answered = structuredClone(paused)
  const part = answered.parts[2]
  if (part?.type !== 'dynamic-tool') throw new Error('not the call')
  Object.assign(part, { state: 'approval-responded', approval: { id: 'p', approved: false } })
  const message = await show(await read(rest, { after: 1, shown: { calls } }), answered)
  expect(brief(message)).toEqual([
    ...['step-start', 'I do.', ['asking', 'output-denied'], ['done', 'output-available']],
    ...['step-start', ['running', 'output-available'], 'And then', 'step-start', 'Over.'],
  ])
})

test('the past of a turn shows its decisions, and asks what is open', async () => {
  const chunks = await read([
    said('m', call('one', 'Write')),
    asked('p', 'tool', 'one'),
    decided('expired', 'p', 'tool', 'one'),
    result('one', 'too late', { is_error: true }),
    said('n', call('two', 'mcp__client__locate', { fine: true })),
    asked('q', 'client_tool', 'two', { toolName: 'locate', input: { fine: true } }),
    decided('answered', 'q', 'client_tool', 'two', { toolName: 'locate' }),
    result('two', 'Rome'),
    asked('r', 'elicitation', null, { elicitation: { message: 'Name?' } }),
    decided('denied', 'r', 'elicitation', null, { elicitation: { message: 'Name?' } }),
    said('o', call('three', 'mcp__client__locate')),
    asked('s', 'hook', null),
    asked('t', 'client_tool', 'three', { toolName: 'locate' }),
    asked('u', 'tool', 'four'),
    live,
  ])
  // A call that was answered is not available again: the client would run it again.
  const available = chunks.flatMap(chunk =>
    chunk.type === 'tool-input-available' && !chunk.providerExecuted ? chunk.toolCallId : [],
  )
  expect(available).toEqual(['three'])
  expect(chunks.at(-1)).toMatchObject({ type: 'finish', finishReason: 'tool-calls' })
  const message = await show(chunks)
  expect(brief(message)).toEqual([
    ...['step-start', ['one', 'output-denied'], 'step-start', ['two', 'output-available']],
    ...[['r', 'output-available'], 'step-start', ['three', 'input-available']],
  ])
  expect(message.parts[1]).toMatchObject({ approval: { approved: false, reason: 'expired' } })
  expect(message.parts[3]).toMatchObject({ type: 'tool-locate', input: { fine: true }, output: 'Rome' })
  expect(message.parts[4]).toMatchObject({ type: 'tool-Elicitation', output: { action: 'decline' } })
})

test('a request that was answered while the connection was broken is not asked', async () => {
  const missed = [asked('p', 'tool', 'one'), decided('allowed', 'p', 'tool', 'one'), live]
  const rest = [result('one', 'ran'), completed()]
  const chunks = await read([
    live,
    said('m', call('one', 'Bash')),
    event('reconnected', {}),
    ...missed,
    ...rest,
  ])
  expect(chunks.at(-1)).toMatchObject({ type: 'finish', finishReason: 'stop' })
  expect(brief(await show(chunks))).toEqual(['step-start', ['one', 'output-available']])
})

test('a decision after the result of a call changes nothing, also when its step is over', async () => {
  const withdrawn = decided('withdrawn', 'p', 'tool', 'one')
  const asking = [said('m', call('one', 'Write')), asked('p', 'tool', 'one')]
  const over = [...asking, result('one', 'interrupted', { is_error: true })]
  const parts = ['step-start', ['one', 'output-error']]
  expect(brief(await show(await read([...over, withdrawn, live, completed()])))).toEqual(parts)
  const next = [...over, said('n', words('Next')), withdrawn, live, completed()]
  expect(brief(await show(await read(next)))).toEqual([...parts, 'step-start', 'Next'])
})

test('a result comes after the step of its call', async () => {
  const task = call('one', 'TaskCreate', { subject: 'Build' })
  const late = [said('m', task, call('two', 'Bash')), result('two', 'ran'), delta('n', 0, typed('Next'))]
  const message = await show(
    await read([live, ...late, result('one', 'made'), result('two', 'again'), completed()]),
  )
  expect(brief(message)).toEqual([
    ...['step-start', ['one', 'output-available'], ['two', 'output-available']],
    ...['step-start', 'Next', 'data-todo'],
  ])
  expect(message.parts[2]).toMatchObject({ output: 'ran' })
})

test('a request from before that waits is told again, unless it is over since', async () => {
  const open = [request('p', 'tool', 'asking')] as unknown as UiRequest[]
  const chunks = await read([live], { after: 1, open })
  expect(chunks.at(-1)).toMatchObject({ type: 'finish', finishReason: 'tool-calls' })
  expect(brief(await show(chunks))).toEqual(['step-start', ['asking', 'approval-requested']])
  const over = await read([decided('expired', 'p', 'tool', 'asking'), live, completed()], { after: 1, open })
  expect(over.at(-1)).toMatchObject({ type: 'finish', finishReason: 'stop' })
})

test('a request that the client knows and has not answered is not asked again', async () => {
  const calls = new Map([['asking', { state: 'approval-requested', approvalId: 'p' }]])
  const chunks = await read([asked('p', 'tool', 'asking'), live], { after: 1, shown: { calls } })
  expect(chunks.map(({ type }) => type)).toEqual(['start', 'finish'])
})

test('a tool of the client that needs permission is available once it has it', async () => {
  const locate = call('one', 'mcp__client__locate')
  const first = await show(await read([said('m', locate), asked('p', 'tool', 'one'), live]))
  expect(brief(first)).toEqual(['step-start', ['one', 'approval-requested']])
  const calls = new Map([['one', { state: 'approval-responded', approvalId: 'p' }]])
  const more = [decided('allowed', 'p', 'tool', 'one'), live, asked('q', 'client_tool', 'one')]
  const message = await show(await read(more, { after: 1, shown: { calls } }), first)
  expect(brief(message)).toEqual(['step-start', ['one', 'input-available']])
})

test.each([
  ['turn.lost', { error: { message: 'It was lost', code: 'X' } }, { errorText: 'It was lost (X)' }],
  ['turn.timed_out', {}, { errorText: 'The turn timed out (REQUEST_TIMEOUT)' }],
  ['turn.interrupted', { status: 'cancelled' }, { type: 'abort', reason: 'cancelled before it began' }],
  ['turn.completed', { stopReason: 'max_tokens' }, { type: 'finish', finishReason: 'length' }],
  ['turn.completed', { stopReason: 'budget' }, { type: 'finish', finishReason: 'other' }],
])('%s ends the message with a step of its own', async (type, data, last) => {
  const chunks = await read([live, stored(type, { usage: null, ...data })])
  expect(chunks.map(chunk => chunk.type).slice(0, 3)).toEqual(['start', 'start-step', 'finish-step'])
  expect(chunks.at(-1)).toMatchObject(last)
})

test('notices, structured output and usage are data', async () => {
  const end = { notice: 'A hook said no', structuredOutput: { a: 1 }, usage: { outputTokens: 1 }, costUsd: 2 }
  const notice = { type: 'system', subtype: 'informational', level: 'warning', content: 'Careful', uuid: 'n' }
  const chunks = await read([
    live,
    stored('message', { message: notice }),
    stored('turn.completed', { stopReason: 'end_turn', ...end }),
  ])
  const { parts } = await show(chunks)
  expect(parts.slice(1)).toMatchObject([
    { type: 'data-notice', data: { kind: 'information', text: 'Careful' } },
    { type: 'data-notice', data: { text: 'A hook said no' } },
    { type: 'data-structured-output', data: { a: 1 } },
    { type: 'data-usage', data: { usage: { outputTokens: 1 }, costUsd: 2 } },
  ])
})
