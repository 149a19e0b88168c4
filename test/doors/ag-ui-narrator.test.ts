import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { HttpAgent, type Message } from '@ag-ui/client'
import { afterEach, beforeEach, expect, type Mock, test, vi } from 'vitest'
import type { SessionEvent } from '../../src/client/index.ts'
import { toEventStream } from '../../src/doors/ag-ui/event-stream.ts'
import { Narrator } from '../../src/doors/ag-ui/narrator.ts'
import {
  type AgUiEvent,
  type Message as DoorMessage,
  protocolVersion,
} from '../../src/doors/ag-ui/protocol.ts'

/** Sessions of the real Claude Code, recorded by test/e2e/client.test.ts. */
function readRecorded(name: string): SessionEvent[] {
  const file = join(import.meta.dirname, '../fixtures/recorded-events', `${name}.jsonl`)
  const lines = readFileSync(file, 'utf8').trim().split('\n')
  return lines.map(line => JSON.parse(line))
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

/** Tells events to an agent of the official client as one run, through all its checks. */
async function tell(agent: HttpAgent, events: readonly SessionEvent[]): Promise<void> {
  const narrator = new Narrator(agent.messages as DoorMessage[])
  const run = { threadId: agent.threadId, runId: 'run' }
  const told = async function* (): AsyncGenerator<AgUiEvent> {
    yield { type: 'RUN_STARTED', ...run, protocolVersion }
    for (const event of events) yield* narrator.tell(event)
    yield* narrator.close(() => ({ type: 'success' }))
    yield { type: 'RUN_FINISHED', ...run, outcome: { type: 'success' } }
  }
  agent.fetch = async () => toEventStream(told(), () => {})
  await agent.runAgent()
}

/** The client sorts a message that comes late to the end. */
function sorted(messages: readonly Message[]) {
  return [...messages].sort((one, other) => one.id.localeCompare(other.id))
}

test.each(['conversation', 'typed'])(
  'the recorded session %s is told in an order that the client accepts',
  async name => {
    const agent = openAgent()
    const events = readRecorded(name)
    await tell(agent, events)
    const all = new Narrator([])
    all.replay(events)
    const [snapshot] = all.tellAll()
    const expected = snapshot?.type === 'MESSAGES_SNAPSHOT' ? snapshot.messages : []
    const told = new Set(agent.messages.map(({ id }) => id))
    for (const { role, id } of expected) if (role !== 'user') expect(told).toContain(id)
    expect(agent.messages.some(({ role }) => role === 'tool')).toBe(true)
  },
)

test.each(['conversation', 'typed'])(
  'a run that continues where another ended tells the rest of %s',
  async name => {
    const events = readRecorded(name)
    const whole = openAgent()
    await tell(whole, events)
    const isLive = ({ type }: SessionEvent) => /^(delta|activity|suggestion|caught_up)/.test(type)
    for (let cut = 0; cut <= events.length; cut++) {
      const agent = openAgent()
      await tell(agent, events.slice(0, cut))
      // A reader that joins later gets the stored events, and then what is live.
      await tell(agent, [...events.slice(0, cut).filter(event => !isLive(event)), ...events.slice(cut)])
      expect(sorted(agent.messages)).toEqual(sorted(whole.messages))
    }
  },
  60_000,
)
