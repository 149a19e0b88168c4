import { existsSync, rmSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { text, toolUse } from '../../src/demo/answer.ts'
import type { StandInModel } from '../../src/demo/stand-in-model.ts'
import { parseFrames } from '../support/client.ts'
import { openServer } from '../support/open-server.ts'
import { until } from '../support/open-sessions.ts'

type Server = Awaited<ReturnType<typeof openServer>>

/** Lets the model answer every prompt with all prompts that it was told, one a line. */
function answerWithPrompts(model: StandInModel): void {
  model.script(
    () => true,
    ({ history, text: latest }) => text([...history.map(({ prompt }) => prompt), latest].join('\n')),
  )
}

/** Says something and gives back what the model was told in all; and the turn. */
async function tell({ ask }: Server, sessionId: string, prompt: string) {
  const { status, body } = await ask(sessionId, prompt)
  expect(body.error).toBeUndefined()
  expect(status).toBe(200)
  return { told: (body.response as string).split('\n'), turnId: body.turnId as string }
}

async function fork({ call }: Server, sessionId: string, body: object = {}): Promise<string> {
  const answer = await call('POST', `/sessions/${sessionId}/fork`, body)
  expect(answer.status).toBe(201)
  return answer.body.sessionId
}

async function rewind({ call }: Server, sessionId: string, toTurnId: string, more: object = {}) {
  const answer = await call('POST', `/sessions/${sessionId}/rewind`, { toTurnId, ...more })
  expect(answer.body.error).toBeUndefined()
  expect(answer.status).toBe(200)
  return answer.body
}

/** Opens the store of a server that was closed, with or without what Claude Code itself has kept. */
function reopen(first: Server, keepConfiguration: boolean) {
  if (!keepConfiguration) rmSync(`${first.cwd}/.claude`, { recursive: true })
  return openServer({
    dataDir: `${first.cwd}/data`,
    defaultCwd: first.cwd,
    environment: { HOME: first.cwd, CLAUDE_CONFIG_DIR: `${first.cwd}/.claude` },
  })
}

async function promptsIn({ call }: Server, sessionId: string) {
  const { messages } = (await call('GET', `/sessions/${sessionId}/messages?limit=1000`)).body
  return messages
    .filter(({ source }: { source: string }) => source === 'user')
    .map((message: { content: { message: { content: string } }; rewound?: boolean }) =>
      message.rewound ? [message.content.message.content, 'rewound'] : message.content.message.content,
    )
}

describe('a fork', () => {
  test('shares the past; then both go on, each with its own', async () => {
    const server = await openServer()
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
    const server = await openServer()
    const id = await server.createSession()
    const { turnId } = await tell(server, id, 'What is 6 times 7?')
    await tell(server, id, 'What is 2 times 3?')
    const forked = await fork(server, id, { afterTurnId: turnId, title: null })
    const messagesOf = async (of: string) =>
      (await server.call('GET', `/sessions/${of}/messages`)).body.messages
    const past = (await messagesOf(id)).filter((message: { turnId: string }) => message.turnId === turnId)
    const shared = await messagesOf(forked)
    const withoutSequence = ({ sequence: _, ...message }: { sequence: number }) => message
    expect(shared.map(withoutSequence)).toEqual(past.map(withoutSequence))
    expect(shared.map(({ sequence }: { sequence: number }) => sequence)).toEqual(
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
    const server = await openServer()
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
    const server = await openServer()
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

  test('is made once for one Idempotency-Key', async () => {
    const server = await openServer()
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
    const server = await openServer({ record: true })
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

describe('rewinding the conversation', () => {
  test('is an event, for those who follow and for those who come later', async () => {
    const server = await openServer()
    const { send, createSession } = server
    const id = await createSession()
    const { turnId } = await tell(server, id, 'What is 6 times 7?')
    const follow = async () => {
      for await (const frame of parseFrames(await send('GET', `/sessions/${id}/events`))) {
        if (frame.event === 'session.rewound') return frame
      }
      return undefined
    }
    const live = follow()
    await rewind(server, id, turnId)
    const frame = await live
    expect(frame?.data).toMatchObject({
      sessionId: id,
      toTurnId: turnId,
      conversation: true,
      files: false,
      turnIds: [turnId],
      restored: [],
    })
    expect(await follow()).toEqual(frame)
  })

  test('lets Claude forget the turn and all after it; the history says so', async () => {
    const server = await openServer()
    answerWithPrompts(server.model)
    const { call, createSession } = server
    const id = await createSession()
    await tell(server, id, 'one')
    const two = await tell(server, id, 'two')
    const three = await tell(server, id, 'three')
    const dry = await rewind(server, id, two.turnId, { dryRun: true })
    expect(dry).toMatchObject({ dryRun: true, turnIds: [two.turnId, three.turnId] })
    expect((await tell(server, id, 'four')).told).toEqual(['one', 'two', 'three', 'four'])
    await rewind(server, id, two.turnId)
    expect((await tell(server, id, 'five')).told).toEqual(['one', 'five'])
    expect(await promptsIn(server, id)).toEqual([
      'one',
      ['two', 'rewound'],
      ['three', 'rewound'],
      ['four', 'rewound'],
      'five',
    ])
    const { turns } = (await call('GET', `/sessions/${id}/turns`)).body
    expect(turns.map(({ rewound }: { rewound?: true }) => rewound)).toEqual([
      undefined,
      true,
      true,
      true,
      undefined,
    ])
    expect((await call('GET', `/sessions/${id}/turns/${two.turnId}`)).body.rewound).toBe(true)
  })

  test('to before the first turn begins anew; further back and forth', async () => {
    const server = await openServer()
    answerWithPrompts(server.model)
    const id = await server.createSession()
    const one = await tell(server, id, 'one')
    await rewind(server, id, one.turnId)
    const two = await tell(server, id, 'two')
    expect(two.told).toEqual(['two'])
    const three = await tell(server, id, 'three')
    await rewind(server, id, three.turnId)
    await rewind(server, id, two.turnId)
    expect((await tell(server, id, 'four')).told).toEqual(['four'])
    for (const { turnId } of [one, two, three]) {
      const answer = await server.call('POST', `/sessions/${id}/rewind`, { toTurnId: turnId })
      expect(answer).toMatchObject({
        status: 409,
        body: { error: { code: 'TURN_NOT_IN_CONVERSATION', details: { turnId, reason: 'rewound' } } },
      })
    }
    expect(await promptsIn(server, id)).toEqual([
      ['one', 'rewound'],
      ['two', 'rewound'],
      ['three', 'rewound'],
      'four',
    ])
  })

  test('holds after a restart, also when Claude Code has lost its own files', async () => {
    const first = await openServer()
    answerWithPrompts(first.model)
    const id = await first.createSession()
    await tell(first, id, 'one')
    const two = await tell(first, id, 'two')
    await rewind(first, id, two.turnId)
    await first.close()
    const second = await reopen(first, true)
    answerWithPrompts(second.model)
    const three = await tell(second, id, 'three')
    expect(three.told).toEqual(['one', 'three'])
    await second.close()
    const third = await reopen(first, false)
    answerWithPrompts(third.model)
    await rewind(third, id, three.turnId)
    expect((await tell(third, id, 'four')).told).toEqual(['one', 'four'])
  })

  test('goes back behind the command that clears it', async () => {
    const server = await openServer()
    answerWithPrompts(server.model)
    const { createSession, ask, call } = server
    const id = await createSession()
    const one = await tell(server, id, 'one')
    const two = await tell(server, id, 'two')
    const cleared = (await ask(id, '/clear', { commands: true })).body.turnId
    const three = await tell(server, id, 'three')
    expect(three.told).toEqual(['three'])
    const forked = await fork(server, id, { afterTurnId: one.turnId })
    expect((await tell(server, forked, 'of the fork')).told).toEqual(['one', 'of the fork'])
    // Claude Code does not write down where it was.
    expect((await call('POST', `/sessions/${id}/rewind`, { toTurnId: cleared })).body.error.code).toBe(
      'TRANSCRIPT_INCOMPLETE',
    )
    await rewind(server, id, three.turnId)
    expect((await tell(server, id, 'four')).told).toEqual(['four'])
    await rewind(server, id, two.turnId)
    expect((await tell(server, id, 'five')).told).toEqual(['one', 'five'])
  })

  test('takes turns that were stopped, in the middle and before they were sent', async () => {
    const server = await openServer()
    const { model, call, createSession, ask } = server
    const sent = Promise.withResolvers<void>()
    model.script('wait', () => {
      sent.resolve()
      return text('never said', { holdUntil: new Promise(() => {}) })
    })
    answerWithPrompts(model)
    const id = await createSession()
    await tell(server, id, 'one')
    const stopped = (await ask(id, 'wait', { background: true })).body.turnId
    await sent.promise
    await call('POST', `/sessions/${id}/interrupt`)
    const unsent = (await ask(id, 'unsent', { background: true })).body.turnId
    await call('POST', `/sessions/${id}/interrupt`)
    const after = await fork(server, id, { afterTurnId: unsent })
    expect((await tell(server, after, 'two')).told).toEqual(expect.arrayContaining(['one', 'two']))
    await rewind(server, id, unsent)
    await rewind(server, id, stopped)
    expect((await tell(server, id, 'three')).told).toEqual(['one', 'three'])
  })

  test('goes back behind a compaction', async () => {
    const server = await openServer()
    const { model } = server
    model.script('fill', text('filled', { usage: { inputTokens: 990_000 } }))
    answerWithPrompts(model)
    const id = await server.createSession()
    await tell(server, id, 'one')
    await tell(server, id, 'fill it up')
    const compacted = await tell(server, id, 'two')
    expect(compacted.told).not.toContain('one')
    const three = await tell(server, id, 'three')
    expect(three.told).toEqual([...compacted.told, 'three'])
    const forked = await fork(server, id)
    expect((await tell(server, forked, 'of the fork')).told).toEqual([...three.told, 'of the fork'])
    await rewind(server, id, three.turnId)
    expect((await tell(server, id, 'four')).told).toEqual([...compacted.told, 'four'])
    await rewind(server, id, compacted.turnId)
    const filled = (await server.call('GET', `/sessions/${id}/turns`)).body.turns[1].turnId
    await rewind(server, id, filled)
    expect((await tell(server, id, 'five')).told).toEqual(['one', 'five'])
  })

  test('is refused while a turn runs, and for turns that are not there', async () => {
    const { model, call, createSession, ask } = await openServer()
    const release = Promise.withResolvers<void>()
    model.script('wait', text('waited', { holdUntil: release.promise }))
    const id = await createSession()
    const { turnId } = (await ask(id, 'wait', { background: true })).body
    expect(await call('POST', `/sessions/${id}/rewind`, { toTurnId: turnId })).toMatchObject({
      status: 409,
      body: { error: { code: 'SESSION_BUSY', details: { turnId } } },
    })
    const queued = (await ask(id, 'later', { background: true })).body.turnId
    await call('POST', `/sessions/${id}/interrupt`, { turnId: queued })
    release.resolve()
    await until(async () => (await call('GET', `/sessions/${id}`)).body.state === 'idle')
    const refusal = async (toTurnId: string) =>
      (await call('POST', `/sessions/${id}/rewind`, { toTurnId })).body.error
    expect(await refusal(id)).toMatchObject({ code: 'TURN_NOT_FOUND' })
    expect(await refusal(queued)).toMatchObject({
      code: 'TURN_NOT_IN_CONVERSATION',
      details: { reason: 'never_sent' },
    })
    await call('DELETE', `/sessions/${id}`)
    expect(await refusal(turnId)).toMatchObject({ code: 'SESSION_ENDED' })
  })
})
