import { afterEach, expect, test, vi } from 'vitest'
import { caller, openSessions, plain, promptOf } from '../support/open-sessions.ts'

afterEach(() => {
  vi.useRealTimers()
})

test('a clock that jumps back an hour changes no order, loses nothing, and makes no time negative', async () => {
  vi.useFakeTimers({ toFake: ['Date'] })
  const { sessions, ask, launcher } = await openSessions()
  const { id } = await sessions.create(caller, plain)
  const first = await ask(id, 'first')
  launcher.script = async ({ text, say }) => {
    vi.setSystemTime(Date.now() - 3_600_000)
    say(text)
    return text
  }
  const second = await ask(id, 'second')
  const third = await ask(id, 'third')
  expect([first, second, third].map(({ status }) => status)).toEqual(['completed', 'completed', 'completed'])
  const { turns } = await sessions.listTurns(caller, id, { limit: 10, offset: 0 })
  expect(turns.map(turn => turn.id)).toEqual([first.id, second.id, third.id])
  const { messages } = await sessions.listMessages(caller, id, { limit: 100, offset: 0 })
  const sequences = messages.map(({ sequence }) => sequence)
  expect(sequences).toEqual([...sequences].sort((a, b) => a - b))
  expect((await sessions.get(caller, id)).session.status).toBe('active')
})

test('a timeout counts from acceptance, whatever the clock does', async () => {
  vi.useFakeTimers({ toFake: ['Date'] })
  const { sessions } = await openSessions()
  const { id } = await sessions.create(caller, plain)
  const turn = await sessions.submitTurn(caller, id, promptOf('hang', { timeoutMs: 50 }))
  vi.setSystemTime(Date.now() - 3_600_000)
  const ended = await sessions.whenTurnEnded(caller, id, turn.id, new AbortController().signal)
  expect(ended.status).toBe('timed_out')
})
