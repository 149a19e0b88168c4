import { expect, test } from 'vitest'
import type { ClaudeCodeClient } from '../../client/index.ts'
import type { Asked, Context } from './asked.ts'
import { begin } from './begin.ts'

const turnId = '00000000-0000-4000-8000-000000000002'
const stored = { status: 'active', state: 'idle', lastSequence: 9, openRequests: 0, config: {}, preset: null }
const asked = {
  model: 'claude-code',
  newest: { prompt: [{ type: 'text', text: 'Hello' }] },
  history: [],
  sessionName: 'diary',
} as Partial<Asked> as Asked

/** Begins a turn in a session that exists; the server answers with this turn. */
async function beginWith(firstSequence: number | null) {
  const calls: string[] = []
  const note = <T>(name: string, value: T) => {
    calls.push(name)
    return Promise.resolve(value)
  }
  const turn = { turnId, firstSequence, createdAt: '2026-01-02T03:04:05.678Z' }
  const session = (id: string) => ({
    id,
    find: () => note('find', stored),
    get: () => note('get', stored),
    getTurn: () => note('getTurn', turn),
    submit: () => note('submit', { turnId }),
  })
  const client = { session } as unknown as ClaudeCodeClient
  const { signal } = new AbortController()
  const context: Context = { client, caller: { tenantId: 't', keyId: 'k' }, signal, logFault: () => {} }
  return { ...(await begin(context, asked, { isBackground: false, field: 'messages' })), calls }
}

test('a session that was found is not fetched again', async () => {
  const { calls, turn, stored: session } = await beginWith(null)
  expect(calls).toEqual(['find', 'submit', 'getTurn'])
  expect([turn.createdAt, session]).toEqual(['2026-01-02T03:04:05.678Z', stored])
})

test('a repeated request reads its turn from the start, and a new one does not read the log before it', async () => {
  expect((await beginWith(3)).from).toBe(2)
  expect((await beginWith(null)).from).toBe(9)
})
