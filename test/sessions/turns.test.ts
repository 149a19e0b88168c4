import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { EventRecord, MessagePayload } from '../../src/sessions/records.ts'
import type { Sessions } from '../../src/sessions/sessions.ts'
import { caller, openSessions, plain, promptOf, temporaryDirectory, until } from '../support/open-sessions.ts'

async function eventsOf(sessions: Sessions, sessionId: string): Promise<EventRecord[]> {
  const reader = await sessions.follow(caller, sessionId, {
    after: 0,
    includeDeltas: false,
    signal: new AbortController().signal,
  })
  const events: EventRecord[] = []
  for await (const item of reader) {
    if (item.kind === 'caught_up') break
    if (item.kind === 'event') events.push(item.event)
  }
  return events
}

describe('one turn after the other', () => {
  test('a turn is answered, stored and told in order', async () => {
    const { sessions, ask } = await openSessions()
    const {
      session: { id },
    } = await sessions.create(caller, plain)
    const turn = await ask(id, 'hello')
    expect(turn).toMatchObject({ status: 'completed', response: 'You said: hello', stopReason: 'end_turn' })
    expect(turn.messageId).not.toBeNull()
    const events = await eventsOf(sessions, id)
    expect(events.map(({ type }) => type)).toEqual([
      'session.created',
      'turn.queued',
      'turn.started',
      'message',
      'message',
      'turn.completed',
    ])
    expect(events.map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4, 5, 6])
    expect(turn).toMatchObject({ firstSequence: 2, lastSequence: 6 })
  })

  test('two prompts sent at once: the second waits, history keeps their order', async () => {
    const { sessions, ask } = await openSessions()
    const {
      session: { id },
    } = await sessions.create(caller, plain)
    const [first, second] = await Promise.all([ask(id, 'one'), ask(id, 'two')])
    expect([first.response, second.response]).toEqual(['You said: one', 'You said: two'])
    const { messages } = await sessions.listMessages(caller, id, { limit: 100, offset: 0 })
    expect(messages.map(({ payload, turnId }) => [(payload as MessagePayload).source, turnId])).toEqual([
      ['user', first.id],
      ['sdk', first.id],
      ['user', second.id],
      ['sdk', second.id],
    ])
  })

  test('fifty prompts at once all run, strictly in order', async () => {
    const { sessions, ask } = await openSessions({ maxQueuedTurns: 100 })
    const {
      session: { id },
    } = await sessions.create(caller, plain)
    const prompts = Array.from({ length: 50 }, (_, index) => `prompt ${index}`)
    const turns = await Promise.all(prompts.map(prompt => ask(id, prompt)))
    expect(turns.map(({ response }) => response)).toEqual(prompts.map(prompt => `You said: ${prompt}`))
    const starts = (await eventsOf(sessions, id)).filter(({ type }) => type === 'turn.started')
    expect(starts.map(({ turnId }) => turnId)).toEqual(turns.map(turn => turn.id))
  })
})

describe('a prompt that meets a running turn', () => {
  test('is refused with onBusy reject, and changes nothing', async () => {
    const { sessions } = await openSessions()
    const {
      session: { id },
    } = await sessions.create(caller, plain)
    const { turn: running } = await sessions.submit(caller, id, promptOf('hang'))
    const before = (await sessions.get(caller, id)).session.lastSequence
    await expect(sessions.submit(caller, id, promptOf('x', { onBusy: 'reject' }))).rejects.toMatchObject({
      code: 'SESSION_BUSY',
      details: { turnId: running.id },
    })
    const { turns } = await sessions.listTurns(caller, id, { limit: 10, offset: 0 })
    expect(turns.map(turn => turn.id)).toEqual([running.id])
    expect((await sessions.get(caller, id)).session.lastSequence - before).toBeLessThanOrEqual(1)
    expect((await sessions.get(caller, id)).state).toBe('running')
  })

  test('stops it and runs next with onBusy interrupt, before those that wait', async () => {
    const { sessions, ask } = await openSessions()
    const {
      session: { id },
    } = await sessions.create(caller, plain)
    const running = ask(id, 'hang')
    await until(async () => (await sessions.get(caller, id)).state === 'running')
    const waiting = ask(id, 'waiting')
    const urgent = ask(id, 'urgent', { onBusy: 'interrupt' })
    expect((await running).status).toBe('interrupted')
    const [a, b] = await Promise.all([waiting, urgent])
    expect(b.startedAt).not.toBeNull()
    const starts = (await eventsOf(sessions, id)).filter(({ type }) => type === 'turn.started')
    expect(starts.slice(1).map(({ turnId }) => turnId)).toEqual([b.id, a.id])
  })

  test('is refused when too many wait', async () => {
    const { sessions } = await openSessions({ maxQueuedTurns: 2 })
    const {
      session: { id },
    } = await sessions.create(caller, plain)
    for (const prompt of ['hang', 'a', 'b']) await sessions.submit(caller, id, promptOf(prompt))
    await expect(sessions.submit(caller, id, promptOf('c'))).rejects.toMatchObject({
      code: 'TURN_QUEUE_FULL',
      details: { limit: 2, waiting: 2 },
    })
  })
})

test('each turn is reported once when its end is stored', async () => {
  const { sessions, ask, ended, launcher } = await openSessions()
  const { session } = await sessions.create(caller, plain)
  const { id } = session
  await ask(id, 'hi')
  await ask(id, 'die')
  const { turn: running } = await sessions.submit(caller, id, promptOf('hang'))
  const { turn: waiting } = await sessions.submit(caller, id, promptOf('later'))
  await until(() => [...launcher.agents].some(agent => agent.running))
  await sessions.interrupt(caller, id, { turnId: waiting.id, clearQueue: false })
  await sessions.interrupt(caller, id, { clearQueue: false })
  await ask(id, 'hang', { timeoutMs: 50 })
  expect(ended.map(({ status }) => status)).toEqual([
    'completed',
    'failed',
    'cancelled',
    'interrupted',
    'timed_out',
  ])
  expect(ended.slice(2, 4).map(turn => turn.id)).toEqual([waiting.id, running.id])
  expect(ended.every(({ endedAt, lastSequence }) => endedAt !== null && lastSequence !== null)).toBe(true)
})

describe('stopping', () => {
  test('interrupt ends the running turn; the session is usable and interrupt is idempotent', async () => {
    const { sessions, ask } = await openSessions()
    const {
      session: { id },
    } = await sessions.create(caller, plain)
    const { turn: running } = await sessions.submit(caller, id, promptOf('hang'))
    expect(await sessions.interrupt(caller, id, { clearQueue: false })).toEqual({
      interrupted: [running.id],
      cancelled: [],
    })
    expect((await sessions.getTurn(caller, id, running.id)).status).toBe('interrupted')
    expect(await sessions.interrupt(caller, id, { clearQueue: false })).toEqual({
      interrupted: [],
      cancelled: [],
    })
    expect((await ask(id, 'again')).response).toBe('You said: again')
  })

  test('clearQueue cancels those that wait, turnId only the one', async () => {
    const { sessions } = await openSessions()
    const {
      session: { id },
    } = await sessions.create(caller, plain)
    const submitted = []
    for (const prompt of ['hang', 'a', 'b', 'c']) {
      submitted.push((await sessions.submit(caller, id, promptOf(prompt))).turn)
    }
    const [running, a, b, c] = submitted.map(turn => turn.id)
    expect(await sessions.interrupt(caller, id, { turnId: b, clearQueue: false })).toEqual({
      interrupted: [],
      cancelled: [b],
    })
    expect(await sessions.interrupt(caller, id, { clearQueue: true })).toEqual({
      interrupted: [running],
      cancelled: [a, c],
    })
    expect((await sessions.getTurn(caller, id, a ?? '')).status).toBe('cancelled')
    expect((await sessions.get(caller, id)).state).toBe('idle')
  })

  test('a turn that takes longer than its timeout is timed out, the next one runs', async () => {
    const { sessions, ask } = await openSessions()
    const {
      session: { id },
    } = await sessions.create(caller, plain)
    expect((await ask(id, 'hang', { timeoutMs: 20 })).status).toBe('timed_out')
    expect((await ask(id, 'next')).status).toBe('completed')
  })

  test('a turn that still waits at its timeout is cancelled', async () => {
    const { sessions, ask } = await openSessions()
    const {
      session: { id },
    } = await sessions.create(caller, plain)
    await sessions.submit(caller, id, promptOf('hang'))
    expect((await ask(id, 'late', { timeoutMs: 20 })).status).toBe('cancelled')
  })

  test('the end of a session ends its open turns', async () => {
    const { sessions, launcher } = await openSessions()
    const {
      session: { id },
    } = await sessions.create(caller, plain)
    const { turn: running } = await sessions.submit(caller, id, promptOf('hang'))
    const { turn: waiting } = await sessions.submit(caller, id, promptOf('waiting'))
    await sessions.end(caller, id)
    expect((await sessions.getTurn(caller, id, running.id)).status).toBe('interrupted')
    expect((await sessions.getTurn(caller, id, waiting.id)).status).toBe('cancelled')
    await expect(sessions.submit(caller, id, promptOf('x'))).rejects.toMatchObject({
      code: 'SESSION_ENDED',
    })
    expect((await eventsOf(sessions, id)).at(-1)?.type).toBe('session.ended')
    await until(() => launcher.agents.size === 0)
  })
})

describe('a process', () => {
  test('that dies in a turn is a typed failure; the next turn resumes in a new one', async () => {
    const { sessions, ask, launcher } = await openSessions()
    const {
      session: { id },
    } = await sessions.create(caller, plain)
    await ask(id, 'first')
    expect(await ask(id, 'die')).toMatchObject({
      status: 'failed',
      error: { code: 'MESSAGE_SEND_FAILED', reason: 'process_died' },
    })
    expect((await ask(id, 'third')).status).toBe('completed')
    expect(launcher.launched.map(({ resume }) => resume)).toEqual([false, true])
  })

  test('that cannot start fails the first message with a reason, and the next message tries again', async () => {
    const { sessions, ask, launcher } = await openSessions()
    launcher.startFailure = { reason: 'not_installed', message: 'install it' }
    const {
      session: { id },
    } = await sessions.create(caller, plain)
    expect(await ask(id, 'one')).toMatchObject({
      status: 'failed',
      error: { code: 'AGENT_UNAVAILABLE', reason: 'not_installed', message: 'install it' },
    })
    launcher.startFailure = undefined
    expect((await ask(id, 'two')).status).toBe('completed')
    expect(launcher.launched).toHaveLength(2)
  })

  test('starts with the session and serves all of its turns', async () => {
    const { sessions, ask, launcher } = await openSessions()
    const {
      session: { id },
    } = await sessions.create(caller, plain)
    await until(() => launcher.launched.length === 1)
    for (const prompt of ['a', 'b', 'c']) await ask(id, prompt)
    expect(launcher.launched).toHaveLength(1)
  })

  test('takes up a changed configuration with the next turn, in the same conversation', async () => {
    const { sessions, ask, launcher } = await openSessions()
    const {
      session: { id },
    } = await sessions.create(caller, plain)
    await ask(id, 'a')
    await sessions.patch(caller, id, { model: 'other', maxTurns: 3, permissionMode: 'plan' })
    await ask(id, 'b')
    expect(launcher.launched.at(-1)).toMatchObject({
      resume: true,
      model: 'other',
      maxTurns: 3,
      permissionMode: 'plan',
      claudeSessionId: id,
    })
    expect(launcher.agents.size).toBe(1)
  })
})

describe('the end of the service', () => {
  test('lets a turn finish within the drain time', async () => {
    const { sessions, launcher, store, close } = await openSessions({ drainTimeoutMs: 60_000 })
    const {
      session: { id },
    } = await sessions.create(caller, plain)
    const release = Promise.withResolvers<void>()
    launcher.script = async ({ text }) => {
      await release.promise
      return text
    }
    const {
      turn: { id: turnId },
    } = await sessions.submit(caller, id, promptOf('nearly done'))
    await until(() => [...launcher.agents].some(agent => agent.running))
    const closing = sessions.close()
    await expect(sessions.submit(caller, id, promptOf('too late'))).rejects.toMatchObject({
      code: 'SHUTTING_DOWN',
    })
    release.resolve()
    await closing
    expect(await store.findTurn(caller.tenantId, id, turnId)).toMatchObject({
      status: 'completed',
      response: 'nearly done',
    })
    await close()
  })

  test('interrupts one that takes longer', async () => {
    const { sessions, store, close } = await openSessions({ drainTimeoutMs: 20 })
    const {
      session: { id },
    } = await sessions.create(caller, plain)
    const {
      turn: { id: turnId },
    } = await sessions.submit(caller, id, promptOf('hang'))
    await sessions.close()
    expect((await store.findTurn(caller.tenantId, id, turnId))?.status).toBe('interrupted')
    await close()
  })
})

describe('a transcript', () => {
  test('of which a part could not be stored is said to be incomplete', async () => {
    const { sessions, launcher, ask } = await openSessions()
    const {
      session: { id },
    } = await sessions.create(caller, plain)
    await ask(id, 'hello')
    expect((await sessions.get(caller, id)).session.transcript).toBe('complete')
    for (const agent of launcher.agents) agent.loseTranscript()
    await until(async () => (await sessions.get(caller, id)).session.transcript === 'incomplete')
  })
})

describe('after a restart', () => {
  test('what was running is lost, what waited runs, sequences go on', async () => {
    const directory = temporaryDirectory()
    const file = join(directory, 'store.db')
    const first = await openSessions({ file })
    const {
      session: { id },
    } = await first.sessions.create(caller, plain)
    const { turn: running } = await first.sessions.submit(caller, id, promptOf('hang'))
    const { turn: waiting } = await first.sessions.submit(caller, id, promptOf('waiting'))
    // What a crash leaves on the disk at this moment.
    const image = join(directory, 'image.db')
    cpSync(file, image)
    cpSync(`${file}-wal`, `${image}-wal`)
    const second = await openSessions({ file: image })
    expect((await second.sessions.getTurn(caller, id, running.id)).status).toBe('lost')
    expect(second.ended[0]).toMatchObject({ id: running.id, status: 'lost', error: { reason: 'lost' } })
    const { messages } = await second.sessions.listMessages(caller, id, { limit: 10, offset: 0 })
    expect(
      messages.find(
        ({ turnId, payload }) =>
          turnId === running.id &&
          (payload as MessagePayload).source === 'sdk' &&
          JSON.stringify(payload).includes('turn_lost'),
      ),
    ).toBeDefined()
    const signal = new AbortController().signal
    expect(await second.sessions.whenTurnEnded(caller, id, waiting.id, signal)).toMatchObject({
      status: 'completed',
      response: 'You said: waiting',
    })
    const sequences = (await eventsOf(second.sessions, id)).map(({ sequence }) => sequence)
    expect(sequences).toEqual(sequences.map((_, index) => index + 1))
    await first.sessions.interrupt(caller, id, { clearQueue: true })
  })
})
