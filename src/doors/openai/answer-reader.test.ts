import { expect, test } from 'vitest'
import type { FollowOptions, SessionClient, SessionEvent, Turn } from '../../client/index.ts'
import { type ReaderOptions, readAnswer } from './answer-reader.ts'
import type { ResponseCursor } from './ids.ts'
import { findCalls } from './start-turn.ts'

const cursor: ResponseCursor = {
  sessionId: '00000000-0000-4000-8000-000000000001',
  turnId: '00000000-0000-4000-8000-000000000002',
  after: 0,
  showsReasoning: false,
  isBackground: false,
}
const permissionId = '00000000-0000-4000-8000-000000000003'

const event = (type: string, data: object) => ({ type, data }) as unknown as SessionEvent
/** A message of Claude, or the results of tools. */
const message = (sequence: number, role: 'assistant' | 'user', content: object[]) =>
  event('message', {
    type: 'claude_code_message',
    sequence,
    message: { type: role, message: { id: `m${sequence}`, role, content } },
  })
const said = (sequence: number, text: string) => message(sequence, 'assistant', [{ type: 'text', text }])
const call = (sequence: number) =>
  message(sequence, 'assistant', [{ type: 'tool_use', id: 'tool_1', name: 'mcp__client__look', input: {} }])
const request = (sequence: number) =>
  event('permission.requested', {
    sequence,
    kind: 'client_tool',
    permissionId,
    toolName: 'look',
    toolUseId: 'tool_1',
    input: {},
  })

/** A session with this log. Its stream ends with the log, or stays open until its reader has left. */
function openSession(log: SessionEvent[], { staysOpen = false, turn = {} as Partial<Turn> } = {}) {
  const followed: FollowOptions[] = []
  let openStreams = 0
  async function* follow(options: FollowOptions) {
    followed.push(options)
    openStreams++
    try {
      for (const one of log) {
        const { sequence = Number.POSITIVE_INFINITY } = one.data as { sequence?: number }
        if (sequence > Number(options.after ?? 0)) yield one
      }
      if (staysOpen) await new Promise((_, reject) => options.signal?.addEventListener('abort', reject))
    } finally {
      openStreams--
    }
  }
  const session = { id: cursor.sessionId, follow, getTurn: async () => turn }
  return {
    session: session as unknown as SessionClient,
    followed,
    get openStreams() {
      return openStreams
    },
  }
}

function read(
  { session }: ReturnType<typeof openSession>,
  options: Partial<ReaderOptions> = {},
  at = cursor,
) {
  const { signal } = new AbortController()
  return Array.fromAsync(
    readAnswer(session, at, { includeDeltas: false, isData: false, from: 0, signal, ...options }),
  )
}

test('the stream of a turn that waits for a result is closed with the response', async () => {
  const opened = openSession([said(1, 'I look.'), call(2), request(3)], { staysOpen: true })
  const pieces = await read(opened)
  expect(pieces.slice(-2)).toMatchObject([
    { type: 'call', call: { name: 'look', arguments: '{}' } },
    { type: 'over', ending: { status: 'calls' } },
  ])
  await expect.poll(() => opened.openStreams).toBe(0)
})

const turns = {
  running: { status: 'running', endedAt: null },
  cancelled: { status: 'cancelled', endedAt: null },
  completed: {
    status: 'completed',
    endedAt: '2026-01-01T00:00:00Z',
    response: 'Hello there',
    stopReason: 'end_turn',
    usage: null,
  },
} satisfies Record<string, Partial<Turn>>
const lastOf = async (...given: Parameters<typeof read>) => (await read(...given)).at(-1)

test('a stream that ends before its turn is an error, and so is a turn that was cancelled in the queue', async () => {
  const gone = await lastOf(openSession([said(1, 'Well')], { turn: turns.running }))
  expect(gone).toMatchObject({
    ending: { status: 'failed', problem: { status: 400, body: { code: 'session_ended' } } },
  })
  const cancelled = await lastOf(openSession([], { turn: turns.cancelled }))
  expect(cancelled).toMatchObject({ ending: { status: 'interrupted', problem: { status: 400 } } })
})

test('a turn whose events were removed is known by its record; a snapshot of a turn that runs has no end', async () => {
  const caughtUp = event('caught_up', { sequence: 9 })
  const completed = turns.completed as Partial<Turn> as Turn
  const shown = { type: 'end', text: 'Hello there' }
  const end = { type: 'over', ending: { status: 'completed' } }
  expect(await read(openSession([], { turn: completed }))).toMatchObject([{}, {}, shown, end])
  const log = [said(1, 'Hello there'), caughtUp]
  expect(await read(openSession(log), { snapshotOf: completed })).toMatchObject([{}, {}, shown, end])
  const running = turns.running as Partial<Turn> as Turn
  const pieces = await read(openSession(log, { turn: completed }), { snapshotOf: running })
  expect(pieces.map(({ type }) => type)).not.toContain('over')
  // The stream ended, so the turn that was found is not the newest.
  expect(await lastOf(openSession([], { turn: running }), { snapshotOf: running })).toMatchObject({
    ending: { problem: { status: 400 } },
  })
})

test('the response after a call reads the turn from the call, and does not show the result that the client gave', async () => {
  const result = [{ type: 'tool_result', tool_use_id: 'tool_1', content: 'a cloud' }]
  const log = [
    said(1, 'I look.'),
    call(2),
    request(3),
    event('permission.resolved', { sequence: 4, permissionId }),
    message(5, 'user', result),
    said(6, 'I see a cloud.'),
    event('turn.completed', { sequence: 7, ...turns.completed }),
  ]
  const opened = openSession(log)
  const { signal } = new AbortController()
  const { requests, after } = await findCalls(opened.session, cursor.turnId, new Set([permissionId]), signal)
  expect(after).toBe(3)
  const next = { ...cursor, after, showsReasoning: true }
  const pieces = await read(opened, { from: after, requests }, next)
  expect(pieces.flatMap(piece => (piece.type === 'end' ? piece.text : []))).toEqual(['I see a cloud.'])
  expect(opened.followed.map(options => options.after)).toEqual([undefined, 3])
  // A response that is found again is read from the start of its turn.
  expect(await read(opened, {}, next)).toEqual(pieces)
})
