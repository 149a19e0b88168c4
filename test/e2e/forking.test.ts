import { once } from 'node:events'
import { existsSync, watch, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { text, toolUse } from '../../src/demo/answer.ts'
import { answerWithPrompts, fork, promptsIn, reopen, tell } from '../support/branches.ts'
import { openServer, shareServer } from '../support/open-server.ts'
import { until } from '../support/open-sessions.ts'

const shared = shareServer({ record: true })

describe('a fork', () => {
  test('shares the past; then both go on, each with its own', async () => {
    const server = shared()
    answerWithPrompts(server.model)
    const id = await server.createSession({ title: 'One', metadata: { a: 1 }, maxTurns: 7 })
    await tell(server, id, 'first')
    const second = await tell(server, id, 'second')
    const forked = await fork(server, id)
    expect((await tell(server, forked, 'of the fork')).told).toEqual(['first', 'second', 'of the fork'])
    expect((await tell(server, id, 'of the original')).told).toEqual(['first', 'second', 'of the original'])
    expect((await tell(server, forked, 'again')).told).toEqual(['first', 'second', 'of the fork', 'again'])

    const original = (await server.call('GET', `/sessions/${id}`)).body
    const copy = (await server.call('GET', `/sessions/${forked}`)).body
    expect(original.forkedFrom).toBeNull()
    expect(copy).toMatchObject({
      forkedFrom: { sessionId: id, turnId: second.turnId },
      title: 'One',
      metadata: { a: 1 },
      config: original.config,
      claudeSessionId: forked,
    })
    expect(await promptsIn(server, forked)).toEqual(['first', 'second', 'of the fork', 'again'])
    // The turns of the past are the original's.
    expect((await server.call('GET', `/sessions/${forked}/turns`)).body.pagination.total).toBe(2)
    expect((await server.call('GET', `/sessions/${forked}/turns/${second.turnId}`)).body.error.code).toBe(
      'TURN_NOT_FOUND',
    )
  })

  test("'s history has the messages of the past with their ids, in sequences of its own", async () => {
    const server = shared()
    const id = await server.createSession()
    const { turnId } = await tell(server, id, 'What is 6 times 7?')
    await tell(server, id, 'What is 2 times 3?')
    const forked = await fork(server, id, { afterTurnId: turnId, title: null })
    const messagesOf = async (of: string) =>
      (await server.call('GET', `/sessions/${of}/messages`)).body.messages
    const past = (await messagesOf(id)).filter((message: { turnId: string }) => message.turnId === turnId)
    const copied = await messagesOf(forked)
    const withoutSequence = ({ sequence: _, ...message }: { sequence: number }) => message
    expect(copied.map(withoutSequence)).toEqual(past.map(withoutSequence))
    expect(copied.map(({ sequence }: { sequence: number }) => sequence)).toEqual(
      past.map((_: unknown, index: number) => index + 2),
    )
    expect((await server.call('GET', `/sessions/${forked}`)).body).toMatchObject({
      title: null,
      messageCount: past.length,
      lastSequence: past.length + 1,
    })
  })

  test('of a fork, after any turn of the past, also when Claude Code has lost its own files', async () => {
    const first = await openServer()
    answerWithPrompts(first.model)
    const id = await first.createSession()
    const one = await tell(first, id, 'one')
    await tell(first, id, 'two')
    const child = await fork(first, id)
    const three = await tell(first, child, 'three')
    await tell(first, child, 'four')
    await first.close()
    const second = await reopen(first, false)
    answerWithPrompts(second.model)
    const grandchild = await fork(second, child, { afterTurnId: three.turnId })
    expect((await tell(second, grandchild, 'five')).told).toEqual(['one', 'two', 'three', 'five'])
    // A turn of the shared past.
    const other = await fork(second, grandchild, { afterTurnId: one.turnId })
    expect((await tell(second, other, 'six')).told).toEqual(['one', 'six'])
    expect((await second.call('GET', `/sessions/${other}`)).body.forkedFrom).toEqual({
      sessionId: grandchild,
      turnId: one.turnId,
    })
    expect((await tell(second, id, 'seven')).told).toEqual(['one', 'two', 'seven'])
  })

  test('of a session that runs a turn has what was before it', async () => {
    const server = shared()
    const release = Promise.withResolvers<void>()
    const { createSession, ask, call, model } = server
    const stop = model.script('wait', text('waited', { holdUntil: release.promise }))
    answerWithPrompts(model)
    const id = await createSession()
    expect((await call('GET', `/sessions/${await fork(server, id)}`)).body.forkedFrom.turnId).toBeNull()
    const one = await tell(server, id, 'one')
    const running = (await ask(id, 'wait', { background: true })).body.turnId
    await until(() => model.requests.some(({ prompt }) => prompt === 'wait'))
    const forked = await fork(server, id)
    expect((await tell(server, forked, 'two')).told).toEqual(['one', 'two'])
    expect((await call('GET', `/sessions/${forked}`)).body.forkedFrom.turnId).toBe(one.turnId)
    expect(await call('POST', `/sessions/${id}/fork`, { afterTurnId: running })).toMatchObject({
      status: 409,
      body: { error: { code: 'SESSION_BUSY', details: { turnId: running } } },
    })
    release.resolve()
    stop()
    expect((await tell(server, id, 'three')).told).toEqual(['one', 'wait', 'three'])
  })

  test('of one that has ended; of the same one twice at once; and not beyond the limit', async () => {
    const server = await openServer({ maxSessions: 2 })
    answerWithPrompts(server.model)
    const { call, createSession } = server
    const id = await createSession()
    await tell(server, id, 'one')
    await call('DELETE', `/sessions/${id}`)
    const forks = await Promise.all([fork(server, id), fork(server, id)])
    const told = await Promise.all(forks.map(async forked => (await tell(server, forked, forked)).told))
    expect(told).toEqual(forks.map(forked => ['one', forked]))
    expect(await call('POST', `/sessions/${id}/fork`)).toMatchObject({
      status: 429,
      body: { error: { code: 'MAX_SESSIONS_REACHED' } },
    })
  })

  test("shares the original's own directory, which is there as long as one of them works in it", async () => {
    const server = shared()
    const { call, createSession } = server
    const id = await createSession({ workspace: { type: 'empty', removeOnEnd: true } })
    await tell(server, id, 'What is 6 times 7?')
    const forked = await fork(server, id)
    const { cwd } = (await call('GET', `/sessions/${id}`)).body.config
    expect((await call('GET', `/sessions/${forked}`)).body.config.cwd).toBe(cwd)
    await call('DELETE', `/sessions/${id}`)
    expect((await tell(server, forked, 'What is 2 times 3?')).told.join()).toContain('6')
    await call('DELETE', `/sessions/${forked}`)
    await until(() => !existsSync(cwd))
    expect(await call('POST', `/sessions/${id}/fork`)).toMatchObject({
      status: 422,
      body: { error: { code: 'WORKSPACE_FAILED', details: { reason: 'not_found' } } },
    })
  })

  test('that meets the removal of the directory is refused', async () => {
    const server = await openServer()
    const { call, createSession } = server
    const id = await createSession({ workspace: { type: 'empty', removeOnEnd: true } })
    const { cwd } = (await call('GET', `/sessions/${id}`)).body.config
    for (let index = 0; index < 5_000; index++) writeFileSync(join(cwd, `${index}.txt`), '')
    const watcher = watch(cwd)
    const begun = once(watcher, 'change')
    await call('DELETE', `/sessions/${id}`)
    await begun
    watcher.close()
    expect(await call('POST', `/sessions/${id}/fork`)).toMatchObject({
      status: 422,
      body: { error: { code: 'WORKSPACE_FAILED', details: { type: 'empty', reason: 'not_found' } } },
    })
    expect(existsSync(cwd)).toBe(false)
  })

  test('is made once for one Idempotency-Key', async () => {
    const server = shared()
    const id = await server.createSession()
    await tell(server, id, 'What is 6 times 7?')
    const send = (body: object) =>
      server.call('POST', `/sessions/${id}/fork`, body, { headers: { 'Idempotency-Key': 'one' } })
    const [first, again, other] = [await send({}), await send({}), await send({ title: 'Other' })]
    expect(first.headers.has('idempotent-replayed')).toBe(false)
    expect(again.headers.get('idempotent-replayed')).toBe('true')
    expect(again.body.sessionId).toBe(first.body.sessionId)
    expect(other.body.error.code).toBe('IDEMPOTENCY_KEY_REUSED')
  })

  test('has what was steered in, what tools gave back, and what a subagent was told', async () => {
    const server = shared()
    const { model, createSession, ask } = server
    model.script('use a tool', [toolUse('Bash', { command: 'echo from the tool' }), text('used')])
    model.script('look', text('what I saw'))
    model.script('delegate', [
      toolUse('Task', {
        description: 'Look',
        prompt: 'look around',
        subagent_type: 'general-purpose',
        run_in_background: false,
      }),
      text('delegated'),
    ])
    const id = await createSession({ permissionMode: 'acceptEdits' })
    const running = ask(id, 'use a tool')
    const steered = async () => (await ask(id, 'steered in', { onBusy: 'steer' })).status
    await until(() => model.requests.some(({ prompt }) => prompt === 'use a tool'))
    expect(await steered()).toBe(200)
    await running
    await ask(id, 'delegate')
    const forked = await fork(server, id)
    const toldIn = async (sessionId: string) => {
      await ask(sessionId, 'tell me')
      const request = model.requests.findLast(({ prompt }) => prompt === 'tell me')
      return JSON.stringify((request?.body as { messages: unknown } | undefined)?.messages)
    }
    const told = await toldIn(id)
    expect(await toldIn(forked)).toBe(told)
    for (const said of ['steered in', 'from the tool', 'what I saw']) expect(told).toContain(said)
  })
})
