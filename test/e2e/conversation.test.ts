import { describe, expect, test } from 'vitest'
import { text } from '../../src/demo/answer.ts'
import type { SseFrame } from '../support/client.ts'
import { openServer } from '../support/open-server.ts'
import { until } from '../support/open-sessions.ts'
import { claudesOf } from '../support/processes.ts'

describe('a conversation over HTTP with the real Claude Code', () => {
  test('create, send, stream, history, end', async () => {
    const { call, createSession, ask, stream, cwd, model } = await openServer()
    const id = await createSession({ title: 'first', metadata: { a: 1 } })
    const answer = await ask(id, 'What is 6 times 7?')
    expect(answer.status).toBe(200)
    expect(answer.body).toMatchObject({
      response: expect.stringContaining('42'),
      stopReason: 'end_turn',
      sessionId: id,
    })
    expect(answer.body.usage.outputTokens).toBeGreaterThan(0)
    expect(answer.body.costUsd).toBeGreaterThan(0)

    const seen = Promise.withResolvers<void>()
    model.script(
      'in pieces',
      text('first then second', { fragmentSize: 6, holdAfterFragments: 1, holdUntil: seen.promise }),
    )
    const frames: SseFrame[] = []
    for await (const frame of stream(id, { prompt: 'in pieces', includeDeltas: true })) {
      frames.push(frame)
      if (frame.event === 'delta') seen.resolve()
    }
    expect(frames[0]).toMatchObject({ event: 'connected', data: { sessionId: id } })
    const turnId = frames[0]?.data.turnId
    const said = frames
      .filter(({ event }) => event === 'delta')
      .map(({ data }) => (data.delta as { text: string }).text)
      .join('')
    expect(said).toBe('first then second')
    expect(frames.filter(({ event }) => event === 'complete' || event === 'error')).toHaveLength(1)
    expect(frames.at(-1)).toMatchObject({
      event: 'complete',
      data: { summary: said, turnId, stopReason: 'end_turn' },
    })
    const ids = frames.flatMap(frame => (frame.id === undefined ? [] : [Number(frame.id)]))
    expect(ids).toEqual([...ids].sort((a, b) => a - b))
    expect(frames.some(({ event }) => event === 'message')).toBe(true)

    const history = await call('GET', `/sessions/${id}/messages`)
    const { messages, pagination } = history.body
    expect(messages.filter((m: { source: string }) => m.source === 'user')).toHaveLength(2)
    expect(messages.map((m: { id: string }) => m.id)).toContain(answer.body.messageId)
    expect(pagination).toEqual({
      limit: 100,
      offset: 0,
      total: messages.length,
      hasMore: false,
      nextCursor: null,
    })

    const session = (await call('GET', `/sessions/${id}`)).body
    expect(session).toMatchObject({
      sessionId: id,
      status: 'active',
      state: 'idle',
      title: 'first',
      metadata: { a: 1 },
      claudeSessionId: id,
      messageCount: messages.length,
      config: { cwd, permissionMode: 'default', maxTurns: null },
    })
    expect(session.model).toMatch(/^claude-/)
    expect((await call('DELETE', `/sessions/${id}`)).status).toBe(204)
    expect((await call('DELETE', `/sessions/${id}`)).status).toBe(204)
    expect(await ask(id, 'too late')).toMatchObject({
      status: 410,
      body: { error: { code: 'SESSION_ENDED' } },
    })
    expect((await call('GET', `/sessions/${id}/messages`)).body.messages).toEqual(messages)
  })

  test('one process serves the turns of a session, and starts with it', async () => {
    const { createSession, ask } = await openServer()
    const id = await createSession()
    await until(() => claudesOf(process.pid, id).length === 1)
    const [before] = claudesOf(process.pid, id)
    for (const prompt of ['one', 'two', 'three']) expect((await ask(id, prompt)).status).toBe(200)
    expect(claudesOf(process.pid, id)).toEqual([before])
  })

  test('two messages at once: both answered, in order', async () => {
    const { call, createSession, ask } = await openServer()
    const id = await createSession()
    const [first, second] = await Promise.all([ask(id, 'What is 1 plus 1?'), ask(id, 'What is 2 plus 2?')])
    const bySequence = (await call('GET', `/sessions/${id}/messages`)).body.messages
    const turns = bySequence.map((message: { turnId: string }) => message.turnId)
    const [earlier, later] = turns[0] === first.body.turnId ? [first, second] : [second, first]
    expect(turns.lastIndexOf(earlier.body.turnId)).toBeLessThan(turns.indexOf(later.body.turnId))
    expect([first.status, second.status]).toEqual([200, 200])
    expect(new Set(turns)).toEqual(new Set([first.body.turnId, second.body.turnId]))
  })

  test('the conversation goes on after the process was ended for being idle', async () => {
    const { createSession, ask } = await openServer({ idleTimeoutMs: 50 })
    const id = await createSession()
    await ask(id, 'Remember that my cat is called Minka')
    await until(() => claudesOf(process.pid, id).length === 0)
    expect((await ask(id, 'What is my cat called?')).body.response).toContain('Minka')
  })

  test('the conversation goes on after a restart of the server, and so does the history', async () => {
    const first = await openServer()
    const id = await first.createSession()
    await first.ask(id, 'Remember that my cat is called Minka')
    const before = (await first.call('GET', `/sessions/${id}/messages`)).body.messages
    await first.close()
    const environment = { HOME: first.cwd, CLAUDE_CONFIG_DIR: `${first.cwd}/.claude` }
    const second = await openServer({ dataDir: `${first.cwd}/data`, defaultCwd: first.cwd, environment })
    expect((await second.ask(id, 'What is my cat called?')).body.response).toContain('Minka')
    const after = (await second.call('GET', `/sessions/${id}/messages`)).body.messages
    expect(after.slice(0, before.length)).toEqual(before)
    expect(after.length).toBeGreaterThan(before.length)
  })

  test('a changed model counts from the next turn, in the same conversation', async () => {
    const { call, createSession, ask } = await openServer()
    const id = await createSession({ model: 'sonnet' })
    await ask(id, 'Remember that my cat is called Minka')
    const before = (await call('GET', `/sessions/${id}`)).body.model
    expect((await call('PATCH', `/sessions/${id}`, { model: 'haiku' })).status).toBe(200)
    expect((await ask(id, 'What is my cat called?')).body.response).toContain('Minka')
    const after = (await call('GET', `/sessions/${id}`)).body.model
    expect([before, after]).toEqual([expect.stringContaining('sonnet'), expect.stringContaining('haiku')])
  })

  test('a prompt of 1 MB and an answer of 1 MB', async () => {
    const { createSession, ask } = await openServer()
    const id = await createSession()
    const answer = await ask(id, `Remember that ${'x'.repeat(1_000_000)} is long`)
    expect(answer.status).toBe(200)
    const long = await ask(id, 'Write 1000 kilobytes')
    expect(long.body.response.length).toBeGreaterThan(1_000_000)
  })

  test('models are those that Claude Code reports', async () => {
    const { call, api, createSession, ask } = await openServer()
    await api.ready
    const id = await createSession()
    await ask(id, 'hello')
    const { models } = (await call('GET', '/models')).body
    expect(models.map((model: { id: string }) => model.id)).toContain('sonnet')
    expect(
      models.every((model: { resolvedModel?: string }) => model.resolvedModel?.startsWith('claude-')),
    ).toBe(true)
  })
})
