import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { HttpAgent, type Message } from '@ag-ui/client'
import { afterEach, beforeEach, expect, type Mock, test, vi } from 'vitest'
import {
  applyEvents,
  type DeltaEvent,
  emptyConversation,
  readMessage,
  type SessionEvent,
} from '../../src/client/index.ts'
import { toEventStream } from '../../src/doors/ag-ui/event-stream.ts'
import { EventWriter } from '../../src/doors/ag-ui/event-writer.ts'
import { toMessages } from '../../src/doors/ag-ui/messages.ts'
import {
  type AgUiEvent,
  type Message as DoorMessage,
  protocolVersion,
} from '../../src/doors/ag-ui/protocol.ts'

/** Sessions of the real Claude Code, recorded by test/e2e/client.test.ts. */
function readRecorded(name: string): SessionEvent[] {
  const file = join(import.meta.dirname, '../fixtures/recorded-events', `${name}.jsonl`)
  const lines = readFileSync(file, 'utf8').trim().split('\n')
  const events = lines.map((line): SessionEvent => JSON.parse(line))
  return events.map(event => withName(event, events))
}

/** The pieces of a call name it; the recordings are older. */
function withName(event: SessionEvent, events: readonly SessionEvent[]): SessionEvent {
  if (event.type !== 'delta' || event.data.delta.type !== 'input_json') return event
  const { messageId } = event.data
  for (const { type, data } of events) {
    if (type !== 'message') continue
    const shown = readMessage(data)
    const call = shown?.id === messageId ? shown.blocks.find(block => block.type === 'tool_call') : undefined
    if (call?.type !== 'tool_call' || call.id === null || call.name === null) continue
    const delta = { ...event.data.delta, toolUseId: call.id, toolName: call.name }
    return { ...event, data: { ...event.data, delta } }
  }
  return event
}

let warnings: Mock<typeof console.warn>
beforeEach(() => {
  warnings = vi.spyOn(console, 'warn').mockImplementation(() => {})
})
afterEach(() => {
  expect(warnings.mock.calls).toEqual([])
  vi.restoreAllMocks()
})

const openAgent = () => new HttpAgent({ url: 'http://agent.internal' })

/** Writes events to an agent of the official client as one run, through all its checks. */
async function write(agent: HttpAgent, events: readonly SessionEvent[]): Promise<void> {
  const writer = new EventWriter(agent.messages as DoorMessage[])
  const run = { threadId: agent.threadId, runId: 'run' }
  const written = async function* (): AsyncGenerator<AgUiEvent> {
    yield { type: 'RUN_STARTED', ...run, protocolVersion }
    for (const event of events) yield* writer.write(event)
    yield* writer.close(() => ({ type: 'success' }))
    yield { type: 'RUN_FINISHED', ...run, outcome: { type: 'success' } }
  }
  agent.fetch = async () => toEventStream(written())
  await agent.runAgent()
}

/** The events before a cut that a reader gets who joins there: stored ones, and pieces of unfinished blocks. */
function joinAt(events: readonly SessionEvent[], cut: number): SessionEvent[] {
  const before = events.slice(0, cut)
  const stored = before.filter(({ type }) => !/^(delta|activity|suggestion|caught_up)/.test(type))
  const complete = (id: string) =>
    stored.filter(event => event.type === 'message' && readMessage(event.data)?.id === id).length
  const isVoided = (piece: DeltaEvent) =>
    before.some(
      ({ type, data }) =>
        type === 'delta.voided' && data.messageId === piece.messageId && data.blockIndex === piece.blockIndex,
    )
  const pieces = before.filter(
    ({ type, data }) => type === 'delta' && data.blockIndex >= complete(data.messageId) && !isVoided(data),
  )
  return [...stored, ...pieces]
}

/** The client sorts a message that comes late to the end. */
function sorted(messages: readonly Message[]) {
  return [...messages].sort((one, other) => one.id.localeCompare(other.id))
}

test.each(['conversation', 'typed'])(
  'the recorded session %s is written in an order that the client accepts',
  async name => {
    const agent = openAgent()
    const events = readRecorded(name)
    await write(agent, events)
    // The client keeps messages that a later event rewinds.
    const { messages } = applyEvents(emptyConversation, events)
    const shown = toMessages(messages.map(message => ({ ...message, isRewound: false })))
    const expected = shown.filter(({ role }) => role !== 'user') as Message[]
    expect(sorted(agent.messages)).toEqual(sorted(expected))
    expect(expected.length).toBeGreaterThan(5)
    const all = new EventWriter([])
    all.replay(events)
    expect(all.writeAll()).toEqual([{ type: 'MESSAGES_SNAPSHOT', messages: toMessages(messages) }])
    expect(agent.messages.some(({ role }) => role === 'tool')).toBe(true)
  },
)

test.each(['conversation', 'typed'])(
  'a run that continues where another ended gets the rest of %s',
  async name => {
    const events = readRecorded(name)
    const whole = openAgent()
    await write(whole, events)
    for (let cut = 0; cut <= events.length; cut++) {
      const agent = openAgent()
      await write(agent, events.slice(0, cut))
      await write(agent, [...joinAt(events, cut), ...events.slice(cut)])
      expect(sorted(agent.messages)).toEqual(sorted(whole.messages))
    }
  },
  60_000,
)
