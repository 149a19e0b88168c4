import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { SessionEvent } from '../event-stream.ts'
import { applyEvent, applyEvents } from './apply-event.ts'
import { type BlockView, type Conversation, emptyConversation, type MessageView } from './state.ts'

/** Sessions of the real Claude Code, recorded by test/e2e/client.test.ts. */
function readRecorded(name: string): SessionEvent[] {
  const file = join(import.meta.dirname, '../../../test/fixtures/recorded-events', `${name}.jsonl`)
  const lines = readFileSync(file, 'utf8').trim().split('\n')
  return lines.map(line => JSON.parse(line))
}

const recorded = readRecorded('conversation')
const typed = readRecorded('typed')

const liveTypes = new Set(['delta', 'delta.voided', 'activity', 'suggestion', 'caught_up'])
const isLive = ({ type }: SessionEvent) => liveTypes.has(type)
const replay = (events: readonly SessionEvent[], start = emptyConversation) =>
  events.reduce(applyEvent, start)
const whole = replay(recorded)

function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  for (const inner of Object.values(value)) deepFreeze(inner)
  return Object.freeze(value)
}

function textOf(blocks: readonly BlockView[]): string {
  return blocks.map(block => (block.type === 'text' ? block.text : '')).join('')
}

function partialsOf(messages: readonly MessageView[]): BlockView[] {
  return messages.flatMap(({ blocks }) =>
    blocks.filter(block => 'partialIndex' in block && block.partialIndex !== null),
  )
}

describe('a recorded conversation', () => {
  test('becomes messages with blocks, tool calls with results, and nested subagents', () => {
    const shown = whole.messages.map(
      ({ role, blocks }) => `${role}: ${blocks.map(({ type }) => type).join(' ')}`,
    )
    expect(shown.slice(0, 3)).toEqual(['user: text', 'assistant: thinking text tool_call', 'assistant: text'])
    const call = whole.messages[1]?.blocks[2]
    if (call?.type !== 'tool_call') throw new Error('not a tool call')
    expect(call).toMatchObject({ name: 'Agent', partialIndex: null, result: { isError: false } })
    expect(call.messages.map(({ role }) => role)).toEqual(['user', 'assistant', 'assistant'])
    expect(call.messages[1]?.blocks[0]).toMatchObject({
      type: 'tool_call',
      name: 'Bash',
      result: { isError: false },
    })
    expect(whole.turns[0]).toMatchObject({ status: 'completed', response: 'The helper is done' })
    expect(whole.usage.inputTokens).toBe(
      whole.turns.reduce((total, { usage }) => total + (usage?.inputTokens ?? 0), 0),
    )
  })

  test('is the same with and without what was only live, and nothing partial is left', () => {
    const stored = replay(recorded.filter(event => !isLive(event)))
    expect(stored).toEqual(whole)
    expect(partialsOf(whole.messages)).toEqual([])
  })

  test('is the same over a reconnect at any point, with events that come twice', () => {
    for (let cut = 0; cut <= recorded.length; cut++) {
      const before = replay(recorded.slice(0, cut))
      const again = applyEvent(before, { type: 'reconnected', data: {} })
      expect(partialsOf(again.messages)).toEqual([])
      const rest = recorded.slice(Math.max(0, cut - 5)).filter(event => !isLive(event))
      expect(replay(rest, again)).toEqual(whole)
    }
  })

  test('shows deltas while they come, and drops those that are voided', () => {
    const states: Conversation[] = []
    recorded.reduce((state, event) => {
      states.push(applyEvent(state, event))
      return states.at(-1) ?? state
    }, emptyConversation)
    const voided = recorded.findIndex(({ type }) => type === 'delta.voided')
    const last = (state: Conversation | undefined) => textOf(state?.messages.at(-1)?.blocks ?? [])
    expect(last(states[voided - 1])).toBe('This com')
    expect(states[voided]?.messages.at(-1)?.role).toBe('user')
    const partialCall = states
      .flatMap(({ messages }) => partialsOf(messages))
      .findLast(({ type }) => type === 'tool_call')
    expect(partialCall).toMatchObject({ id: null, inputText: expect.stringMatching(/^\{/) })
    expect(new Set(states.map(({ state }) => state))).toEqual(new Set(['idle', 'running', 'requires_action']))
  })

  test('shows what goes on, until it is over', () => {
    const states: Conversation[] = []
    recorded.reduce((state, event) => {
      const after = applyEvent(state, event)
      states.push(after)
      return after
    }, emptyConversation)
    const shown = states.map(({ activity }) => activity.map(({ kind }) => kind).join(' '))
    expect(shown).toEqual(expect.arrayContaining(['model', 'retry', 'tool']))
    const withSubagent = states.find(({ activity }) => activity.some(({ kind }) => kind === 'subagent'))
    expect(withSubagent?.activity.map(({ turnId }) => turnId)).toContain(whole.turns[0]?.turnId)
    // Nothing is left at the end of a turn.
    for (const [index, { type }] of recorded.entries()) {
      if (type === 'turn.completed' || type === 'turn.interrupted')
        expect(states[index]?.activity).toEqual([])
    }
  })

  test('is never changed in place, and shares what an event does not touch', () => {
    const frozen = recorded.reduce(
      (state, event) => deepFreeze(applyEvent(state, deepFreeze(event))),
      deepFreeze(emptyConversation),
    )
    expect(frozen).toEqual(whole)
    const piece: SessionEvent = {
      type: 'delta',
      data: { turnId: 'x', messageId: 'new', blockIndex: 0, delta: { type: 'text', text: 'a' } },
    }
    const after = applyEvent(whole, piece)
    expect(after.messages[1]).toBe(whole.messages[1])
    expect(after.turns).toBe(whole.turns)
    // A copy, as a worker gets it, continues like the original.
    expect(textOf(replay([piece], structuredClone(after)).messages.at(-1)?.blocks ?? [])).toBe('aa')
  })
})

describe('many events at once', () => {
  test.each([[recorded], [typed]])(
    'come to the same in batches of any size, and change nothing that was given out',
    events => {
      const expected = deepFreeze(replay(events))
      for (let size = 1; size <= events.length; size++) {
        let state = emptyConversation
        for (let start = 0; start < events.length; start += size) {
          state = deepFreeze(applyEvents(state, deepFreeze(events.slice(start, start + size))))
        }
        expect(state).toEqual(expected)
      }
    },
  )

  test('share what none of them touches', () => {
    const piece = (text: string): SessionEvent => ({
      type: 'delta',
      data: { turnId: 'x', messageId: 'new', blockIndex: 0, delta: { type: 'text', text } },
    })
    const after = applyEvents(whole, [piece('a'), piece('b')])
    expect(textOf(after.messages.at(-1)?.blocks ?? [])).toBe('ab')
    expect(after.messages.slice(0, -1).every((message, index) => message === whole.messages[index])).toBe(
      true,
    )
    expect(after.turns).toBe(whole.turns)
    expect(applyEvents(whole, [])).toBe(whole)
    expect(
      applyEvents(
        whole,
        recorded.filter(({ type }) => type === 'message'),
      ),
    ).toBe(whole)
  })
})

describe('what people type, and what is said beside', () => {
  const shown = replay(typed)
  const callsIn = (messages: readonly MessageView[]) =>
    messages.flatMap(({ blocks }) => blocks.filter(block => block.type === 'tool_call'))

  test('prompts, attachments and commands belong to their turns; other texts say where they are from', () => {
    const lines = shown.messages.map(
      ({ role, notice, isSynthetic, blocks }) =>
        `${notice ?? role}${isSynthetic ? ' (synthetic)' : ''}: ${textOf(blocks).slice(0, 16)}`,
    )
    expect(lines).toEqual([
      'user: nest',
      'assistant: ',
      'assistant: All is done',
      'user: write it',
      'assistant: ',
      'assistant: It is written',
      'user: break',
      'error: API Error: 400 n',
      'user: Look at it',
      expect.stringContaining('assistant: [stand-in]'),
      'user: /compact',
      'compaction: The conversation',
      'user (synthetic): This session is ',
      'command (synthetic): Compacted ',
      'user: /context',
      'command: ## Context Usage',
    ])
    expect(shown.messages[8]?.blocks[1]).toMatchObject({ type: 'file', source: { type: 'attachment' } })
    expect(shown.turns[2]).toMatchObject({ status: 'failed', error: { reason: 'invalid_request' } })
    expect(shown.turns[2]?.notice).toContain('API Error')
  })

  test('subagents of subagents are nested, and a changed input stands beside the first', () => {
    const [outer, write] = callsIn(shown.messages)
    const [inner] = callsIn(outer?.messages ?? [])
    expect(callsIn(inner?.messages ?? [])).toMatchObject([{ name: 'Bash', result: { isError: false } }])
    expect(textOf(inner?.messages.at(-1)?.blocks ?? [])).toBe('The inner one is done')
    expect(textOf(outer?.messages.at(-1)?.blocks ?? [])).toBe('The outer one is done')
    expect(write).toMatchObject({ input: { content: 'one' }, updatedInput: { content: 'two' } })
    expect(write?.result?.data).toMatchObject({ type: 'create', content: 'two' })
  })
})

test('events and messages of unknown kinds change nothing but the position', () => {
  const odd = [
    { type: 'made.up', data: { sequence: 50 } },
    { type: 'message', data: { sequence: 51, message: {} } },
    { type: 'message', data: { sequence: 52, message: { type: 'user', message: { content: 7 } } } },
    { type: 'message', data: { sequence: 53, message: { type: 'assistant' } } },
  ] as unknown as SessionEvent[]
  expect(replay(odd, whole)).toEqual({ ...whole, sequence: 53 })
  const strange = {
    type: 'assistant',
    message: { id: 'm', content: [null, { type: 'new_kind', x: 1 }, 'text'] },
  }
  const event = {
    type: 'message',
    data: { sequence: 60, timestamp: 't', message: strange },
  } as unknown as SessionEvent
  expect(applyEvent(emptyConversation, event).messages[0]?.blocks).toHaveLength(3)
})

test('mentions that stayed text are known with their turn', () => {
  const turnId = 'turn'
  const at = { sessionId: 's', turnId, timestamp: 't' }
  const mentions = [{ mention: '../secret.txt', reason: 'outside' }]
  const { turns } = replay([
    { type: 'turn.queued', data: { ...at, sequence: 1, status: 'queued' } },
    { type: 'mentions.ignored', data: { ...at, sequence: 2, mentions } },
    { type: 'turn.completed', data: { ...at, sequence: 3, status: 'completed' } },
  ] as unknown as SessionEvent[])
  expect(turns).toMatchObject([{ turnId, status: 'completed', ignoredMentions: mentions }])
})

test('events that retention has removed leave a gap', () => {
  const gap: SessionEvent = { type: 'gap', data: { sessionId: 's', from: 1, to: 9 } }
  expect(applyEvent(emptyConversation, gap)).toMatchObject({ sequence: 9, gap: { from: 1, to: 9 } })
})

test('activities are kept by their id, and end with `done`, a reconnect, their turn or the session', () => {
  const turnId = 'turn'
  const since = '2026-01-01T00:00:00.000Z'
  const toEvent = (
    activity: Extract<SessionEvent, { type: 'activity' }>['data']['activity'],
  ): SessionEvent => ({
    type: 'activity',
    data: { turnId, activity },
  })
  const task = {
    since,
    toolUseId: null,
    description: 'd',
    toolName: null,
    toolUses: 0,
    tokens: 0,
    summary: null,
  }
  const busy = replay([
    toEvent({ kind: 'model', id: 'main', since }),
    toEvent({ kind: 'task', id: 'task', ...task }),
    toEvent({ kind: 'compacting', id: 'main', since }),
  ])
  const kindsOf = ({ activity }: Conversation) => activity.map(({ kind }) => kind)
  expect(kindsOf(busy)).toEqual(['compacting', 'task'])
  expect(kindsOf(applyEvent(busy, toEvent({ kind: 'done', id: 'main' })))).toEqual(['task'])
  expect(applyEvent(busy, toEvent({ kind: 'done', id: 'unknown' }))).toBe(busy)
  expect(kindsOf(applyEvent(busy, { type: 'reconnected', data: {} }))).toEqual([])
  const lost = { type: 'turn.lost', data: { turnId, status: 'lost', sequence: 1 } } as SessionEvent
  expect(kindsOf(applyEvent(busy, lost))).toEqual(['task'])
  const over = { type: 'session.ended', data: { sequence: 1 } } as SessionEvent
  expect(kindsOf(applyEvent(busy, over))).toEqual([])
})

test('a suggestion lasts until the next turn', () => {
  const turnId = 'turn'
  const suggestion: SessionEvent = { type: 'suggestion', data: { turnId, text: 'go on' } }
  const suggested = applyEvent(whole, suggestion)
  expect(suggested.suggestion).toBe('go on')
  const at = { turnId, sequence: whole.sequence + 1 }
  const next = { type: 'turn.queued', data: { ...at, status: 'queued' } } as SessionEvent
  expect(applyEvent(suggested, next).suggestion).toBeNull()
  const ended = { type: 'session.ended', data: at } as unknown as SessionEvent
  expect(applyEvent(suggested, ended).suggestion).toBeNull()
})
