import { describe, expect, test } from 'vitest'
import { until } from '../support/open-sessions.ts'
import { openAwkward } from './awkward.ts'

/** Longer than a busy machine stands still: a process that behaves must be ready before it is over. */
const watchdogMs = 8_000

/**
 * The server when it knows what Claude Code is: by a process of a session, which has ended. Without one it would ask
 * after a second by a process of its own, which would misbehave as well.
 */
async function open(config: Parameters<typeof openAwkward>[0] = {}) {
  const opened = await openAwkward(config)
  const { call, createSession, living } = opened
  const id = await createSession()
  await until(async () => (await call('GET', '/health')).body.checks.claude.status === 'ok')
  await call('DELETE', `/sessions/${id}`)
  await until(() => living().length === 0)
  return opened
}

const failed = (reason: string, code = 'MESSAGE_SEND_FAILED') => ({
  body: { error: { code, details: { reason } } },
})

describe('a process that', () => {
  test.each([
    ['die in the turn', 'process_died'],
    ['exit in the turn', 'process_died'],
    ['write half a line and exit', 'process_died'],
    ['write garbage and exit', 'process_died'],
    ['write one endless line', 'output_too_large'],
    ['close its output', 'process_unresponsive'],
  ])('does this: %s; fails its turn with %s, and the next one is answered', async (behaviour, reason) => {
    const { createSession, ask, behave, living, expectUsable } = await open()
    const id = await createSession()
    behave(behaviour)
    expect(await ask(id, 'go')).toMatchObject(failed(reason))
    expect(living()).toEqual([])
    await expectUsable(id)
  })

  test.each(['say nothing', 'write half a line'])(
    'does this: %s; is ended by the watchdog',
    async behaviour => {
      const { createSession, ask, behave, living, expectUsable } = await open({ watchdogMs })
      const id = await createSession()
      behave(behaviour)
      expect(await ask(id, 'go')).toMatchObject({ status: 500, ...failed('process_unresponsive') })
      expect(living()).toEqual([])
      await expectUsable(id)
    },
  )

  test('never becomes ready is ended by the watchdog', async () => {
    const { createSession, ask, behave, expectUsable } = await open({ watchdogMs })
    behave('never start')
    const id = await createSession()
    expect(await ask(id, 'go')).toMatchObject(failed('process_unresponsive', 'AGENT_UNAVAILABLE'))
    await expectUsable(id)
  })

  test('dies while it starts fails the turn that needs it', async () => {
    const { createSession, ask, behave, expectUsable } = await open()
    behave('die while starting')
    const id = await createSession()
    expect(await ask(id, 'go')).toMatchObject(failed('start_failed', 'AGENT_UNAVAILABLE'))
    await expectUsable(id)
  })

  test('writes garbage between its frames is understood all the same', async () => {
    const { createSession, ask, behave } = await open()
    const id = await createSession()
    behave('write garbage')
    expect(await ask(id, 'go')).toMatchObject({ status: 200, body: { response: 'awkward, but here' } })
  })

  test.each(['flood with frames', 'flood with garbage'])(
    'does this with 100 MB: %s; is read as fast as it can be, and not kept in memory',
    async behaviour => {
      const { createSession, ask, call, behave } = await open()
      const id = await createSession()
      await ask(id, 'warm up')
      behave(behaviour)
      const before = process.memoryUsage()
      let most = 0
      const watch = setInterval(() => {
        const { heapUsed, external } = process.memoryUsage()
        most = Math.max(most, heapUsed + external)
      }, 5)
      expect(await ask(id, 'go')).toMatchObject({ status: 200 })
      clearInterval(watch)
      const { total } = (await call('GET', `/sessions/${id}/messages?limit=1`)).body.pagination
      expect(total > 10_000).toBe(behaviour === 'flood with frames')
      expect(most - before.heapUsed - before.external).toBeLessThan(80 * 1024 * 1024)
    },
  )

  test('ignores interrupts and signals: the turn is interrupted, by force in the end', async () => {
    const { createSession, ask, call, behave, living, received, expectUsable } = await open()
    behave('ignore everything')
    const id = await createSession()
    const running = ask(id, 'go')
    await until(() => received().includes('prompt'))
    expect((await call('POST', `/sessions/${id}/interrupt`, {})).body.interrupted).toHaveLength(1)
    const { turnId } = (await running).body
    expect((await call('GET', `/sessions/${id}/turns/${turnId}`)).body.status).toBe('interrupted')
    expect(received()).toEqual(['prompt', 'interrupt', 'SIGTERM'])
    expect(living()).toEqual([])
    await expectUsable(id)
  })
})
