import { describe, expect, test } from 'vitest'
import { text } from '../../src/demo/answer.ts'
import { answerWithPrompts, fork, promptsIn, reopen, rewind, tell } from '../support/branches.ts'
import { parseFrames } from '../support/client.ts'
import { openServer, shareServer } from '../support/open-server.ts'
import { until } from '../support/open-sessions.ts'

const shared = shareServer()

describe('rewinding the conversation', () => {
  test('is an event, for those who follow and for those who come later', async () => {
    const server = shared()
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
    const server = shared()
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
    const server = shared()
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
    const server = shared()
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
    const server = shared()
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
    const server = shared()
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
    const { model, call, createSession, ask } = shared()
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
