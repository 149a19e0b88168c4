import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { ServiceError } from '../../src/contract/errors.ts'
import { createSessionRequest } from '../../src/contract/sessions.ts'
import {
  caller,
  openSessions,
  promptOf,
  stranger,
  temporaryDirectory,
  until,
} from '../support/open-sessions.ts'

const asking = createSessionRequest.parse({ permissionPrompts: 'ask' })
const body = { decision: 'allow', interrupt: false } as const
const all = { status: 'all', limit: 100, offset: 0 } as const

async function openAsking(given: Parameters<typeof openSessions>[0] = {}) {
  const opened = await openSessions(given)
  const { sessions } = opened
  const { session } = await sessions.create(caller, asking)
  const pending = async (count = 1) => {
    let found = await sessions.permissions.list(caller, { ...all, sessionId: session.id, status: 'pending' })
    await until(async () => {
      found = await sessions.permissions.list(caller, { ...all, sessionId: session.id, status: 'pending' })
      return found.total >= count
    })
    return found.permissions
  }
  return { ...opened, session, pending, file: given.file ?? '' }
}

describe('permission requests', () => {
  test('move their turn to requires_action and back, told by events in order', async () => {
    const { sessions, session, pending, store } = await openAsking()
    const { turn } = await sessions.submit(caller, session.id, promptOf('ask'))
    const [request] = await pending()
    if (!request) throw new Error('no request')
    expect((await sessions.get(caller, session.id)).state).toBe('requires_action')
    expect((await sessions.getTurn(caller, session.id, turn.id)).status).toBe('requires_action')
    await sessions.permissions.answer(caller, session.id, request.id, body)
    await sessions.whenTurnEnded(caller, session.id, turn.id, AbortSignal.timeout(30_000))
    const events = await store.listEvents('default', {
      sessionId: session.id,
      turnId: turn.id,
      after: 0,
      limit: 100,
    })
    expect(events.map(({ type }) => type)).toEqual([
      'turn.queued',
      'turn.started',
      'message',
      'permission.requested',
      'permission.resolved',
      'turn.completed',
    ])
    expect(events[3]?.payload).toMatchObject({ permissionId: request.id, status: 'pending' })
    expect(events[4]?.payload).toMatchObject({
      permissionId: request.id,
      status: 'allowed',
      decidedBy: caller.keyId,
    })
  })

  test('have one answer, however many give one at once', async () => {
    const { sessions, session, pending } = await openAsking()
    await sessions.submit(caller, session.id, promptOf('ask'))
    const [request] = await pending()
    const id = request?.id ?? ''
    const answers = await Promise.allSettled(
      Array.from({ length: 20 }, (_, index) =>
        sessions.permissions.answer({ ...caller, keyId: `key-${index}` }, session.id, id, {
          ...body,
          decision: index % 2 === 0 ? 'allow' : 'deny',
        }),
      ),
    )
    const given = answers.filter(({ status }) => status === 'fulfilled')
    expect(given).toHaveLength(1)
    const codes = answers.flatMap(answer =>
      answer.status === 'rejected' ? [(answer.reason as ServiceError).code] : [],
    )
    expect(new Set(codes)).toEqual(new Set(['PERMISSION_ALREADY_RESOLVED']))
  })

  test('of another tenant do not exist', async () => {
    const { sessions, session, pending } = await openAsking()
    await sessions.submit(caller, session.id, promptOf('ask'))
    const [request] = await pending()
    const id = request?.id ?? ''
    expect((await sessions.permissions.list(stranger, all)).total).toBe(0)
    for (const attempt of [
      sessions.permissions.get(stranger, session.id, id),
      sessions.permissions.answer(stranger, session.id, id, body),
      sessions.permissions.list(stranger, { ...all, sessionId: session.id }),
    ]) {
      await expect(attempt).rejects.toMatchObject({ code: 'SESSION_NOT_FOUND' })
    }
    await expect(sessions.permissions.get(caller, session.id, 'nothing')).rejects.toMatchObject({
      code: 'PERMISSION_REQUEST_NOT_FOUND',
    })
  })

  test('several at once are answered in any order; the turn goes on when the last one is', async () => {
    const opened = await openAsking()
    const { sessions, session, pending, launcher } = opened
    launcher.script = async scene => {
      const answers = await Promise.all(
        ['a', 'b', 'c'].map(command => scene.ask({ input: { command }, toolUseId: command })),
      )
      return answers.map(({ allow }) => allow).join()
    }
    const { turn } = await sessions.submit(caller, session.id, promptOf('go'))
    const requests = await pending(3)
    const statusNow = async () => (await sessions.getTurn(caller, session.id, turn.id)).status
    const named = (name: string) => requests.find(({ toolUseId }) => toolUseId === name)?.id ?? ''
    await sessions.permissions.answer(caller, session.id, named('c'), body)
    expect(await statusNow()).toBe('requires_action')
    await sessions.permissions.answer(caller, session.id, named('a'), { ...body, decision: 'deny' })
    expect(await statusNow()).toBe('requires_action')
    await sessions.permissions.answer(caller, session.id, named('b'), body)
    const ended = await sessions.whenTurnEnded(caller, session.id, turn.id, AbortSignal.timeout(30_000))
    expect(ended.response).toBe('false,true,true')
  })

  test.each([
    ['the process dies', async ({ launcher }: Opened) => [...launcher.agents].map(agent => agent.close())],
    [
      'the turn is interrupted',
      ({ sessions, session }: Opened) => sessions.interrupt(caller, session.id, { clearQueue: false }),
    ],
    ['the session ends', ({ sessions, session }: Opened) => sessions.end(caller, session.id)],
  ])('are withdrawn when %s', async (_, happen) => {
    const opened = await openAsking()
    const { sessions, session, pending, store } = opened
    const { turn } = await sessions.submit(caller, session.id, promptOf('ask'))
    const [request] = await pending()
    await happen(opened)
    await sessions.whenTurnEnded(caller, session.id, turn.id, AbortSignal.timeout(30_000))
    expect(await sessions.permissions.get(caller, session.id, request?.id ?? '')).toMatchObject({
      status: 'withdrawn',
      decidedBy: null,
      decidedAt: expect.any(Number),
    })
    await expect(
      sessions.permissions.answer(caller, session.id, request?.id ?? '', body),
    ).rejects.toMatchObject({ code: 'PERMISSION_ALREADY_RESOLVED' })
    const events = await store.listEvents('default', {
      sessionId: session.id,
      turnId: turn.id,
      after: 0,
      limit: 100,
    })
    expect(events.map(({ type }) => type).slice(-2)[0]).toBe('permission.resolved')
  })

  test('of a background subagent are withdrawn when the session has ended, however long its process takes', async () => {
    const { sessions, session, pending, launcher } = await openAsking()
    launcher.script = async scene => {
      scene.startTask({ taskId: 'agent1', type: 'local_agent' })
      void scene.ask({ agentId: 'agent1' })
      return 'started'
    }
    const { turn } = await sessions.submit(caller, session.id, promptOf('go'))
    await sessions.whenTurnEnded(caller, session.id, turn.id, AbortSignal.timeout(30_000))
    const [request] = await pending()
    const slow = Promise.withResolvers<void>()
    for (const agent of launcher.agents) {
      const close = agent.close.bind(agent)
      agent.close = async () => {
        await slow.promise
        await close()
      }
    }
    await sessions.end(caller, session.id)
    const { status } = await sessions.permissions.get(caller, session.id, request?.id ?? '')
    slow.resolve()
    expect(status).toBe('withdrawn')
  })

  test('the answer must fit what was asked', async () => {
    const { sessions, session, pending } = await openAsking()
    await sessions.submit(caller, session.id, promptOf('ask'))
    const [request] = await pending()
    const id = request?.id ?? ''
    const attempt = (more: object) =>
      sessions.permissions.answer(caller, session.id, id, { ...body, ...more } as never)
    for (const [field, more] of Object.entries({
      answers: { answers: { a: 'b' } },
      content: { content: { a: 'b' } },
      permissionMode: { permissionMode: 'plan' },
      interrupt: { interrupt: true },
      remember: { decision: 'deny', remember: 'session' },
      updatedInput: { decision: 'deny', updatedInput: {} },
    })) {
      await expect(attempt(more)).rejects.toMatchObject({
        code: 'INVALID_REQUEST',
        details: { issues: [{ path: field }] },
      })
    }
    expect((await sessions.permissions.get(caller, session.id, id)).status).toBe('pending')
  })

  test('remember: session remembers the call that ran and nothing that Claude Code suggests', async () => {
    const { sessions, session, pending, launcher } = await openAsking({ idleTimeoutMs: 1 })
    const suggestions = [
      { type: 'addRules', rules: [{ toolName: 'Bash', ruleContent: 'make *' }], behavior: 'allow' },
      { type: 'setMode', mode: 'acceptEdits' },
    ]
    const told: unknown[] = []
    launcher.script = async scene => {
      told.push(await scene.ask({ suggestions, input: { command: scene.text, description: scene.text } }))
      return 'done'
    }
    const ask = async (prompt: string) => (await sessions.submit(caller, session.id, promptOf(prompt))).turn
    const ended = (id: string) => sessions.whenTurnEnded(caller, session.id, id, AbortSignal.timeout(30_000))
    const first = await ask('rm -rf ./build')
    const [request] = await pending()
    const decided = await sessions.permissions.answer(caller, session.id, request?.id ?? '', {
      ...body,
      remember: 'session',
      updatedInput: { command: 'make' },
    })
    const call = { type: 'call', toolName: 'Bash', input: { command: 'make' } }
    expect(decided).toMatchObject({ remembered: [call], updatedInput: { command: 'make' } })
    await ended(first.id)
    await until(() => launcher.agents.size === 0)
    // The call that ran runs again without asking, in a new process as well; the one that was asked for does not.
    await ended((await ask('make')).id)
    const third = await ask('rm -rf ./build')
    const [again] = await pending()
    expect(again?.request.input.command).toBe('rm -rf ./build')
    await sessions.permissions.answer(caller, session.id, again?.id ?? '', { ...body, decision: 'deny' })
    await ended(third.id)
    expect(told).toMatchObject([
      { allow: true, updates: [] },
      { allow: true, updates: [], input: null },
      { allow: false },
    ])
    const stored = (await sessions.get(caller, session.id)).session
    expect(stored).toMatchObject({ permissionMode: 'default', remembered: [call] })
  })

  test('suggestions that are named are applied as they are, and the answer says which', async () => {
    const { sessions, session, pending, launcher, store, cwd } = await openAsking({ idleTimeoutMs: 1 })
    const rule = { type: 'addRules', rules: [{ toolName: 'Bash', ruleContent: 'make *' }], behavior: 'allow' }
    const suggestions = [
      { ...rule, destination: 'localSettings' },
      { type: 'setMode', mode: 'bypassPermissions' },
      { type: 'setMode', mode: 'acceptEdits' },
      { type: 'addDirectories', directories: ['/'] },
      { type: 'addDirectories', directories: [cwd] },
      { type: 'addRules', rules: [{ toolName: 'Bash', ruleContent: '*' }], behavior: 'allow' },
      { type: 'removeRules', rules: [{ toolName: 'Bash' }], behavior: 'deny' },
    ]
    let told: unknown
    launcher.script = async scene => {
      told = (await scene.ask({ suggestions })).updates
      return 'done'
    }
    const { turn } = await sessions.submit(caller, session.id, promptOf('go'))
    const [request] = await pending()
    const answer = (numbers: number[], more: object = {}) =>
      sessions.permissions.answer(caller, session.id, request?.id ?? '', {
        ...body,
        remember: { suggestions: numbers },
        ...more,
      })
    const refused = { code: 'INVALID_REQUEST', details: { issues: [{ path: 'remember.suggestions[0]' }] } }
    for (const number of [5, 6, 7]) await expect(answer([number])).rejects.toMatchObject(refused)
    await expect(answer([1])).rejects.toMatchObject({ code: 'PERMISSION_MODE_NOT_ALLOWED' })
    await expect(answer([3])).rejects.toMatchObject({ code: 'CWD_NOT_ALLOWED' })
    await expect(answer([0], { updatedInput: { command: 'ls' } })).rejects.toMatchObject({
      details: { issues: [{ path: 'remember.suggestions' }] },
    })
    const remembered = [
      { ...rule, destination: 'session' },
      { type: 'setMode', mode: 'acceptEdits', destination: 'session' },
      { type: 'addDirectories', directories: [cwd], destination: 'session' },
    ]
    expect((await answer([0, 2, 4])).remembered).toEqual(remembered)
    await sessions.whenTurnEnded(caller, session.id, turn.id, AbortSignal.timeout(30_000))
    expect(told).toEqual(remembered)
    const stored = (await sessions.get(caller, session.id)).session
    const kept = [remembered[0], remembered[2]]
    expect(stored).toMatchObject({ permissionMode: 'acceptEdits', remembered: kept })
    const events = await store.listEvents('default', { sessionId: session.id, after: 0, limit: 100 })
    expect(events.filter(({ type }) => type === 'session.updated')).toMatchObject([
      { payload: { permissionMode: 'acceptEdits' } },
    ])
    expect(events.find(({ type }) => type === 'permission.resolved')?.payload).toMatchObject({ remembered })
    await until(() => launcher.agents.size === 0)
    await sessions.submit(caller, session.id, promptOf('hang'))
    await until(() => launcher.agents.size === 1)
    expect(launcher.launched.at(-1)).toMatchObject({ permissionMode: 'acceptEdits', remembered: kept })
  })
})

test('what several answers at once remember is all remembered', async () => {
  const { sessions, session, pending, launcher } = await openAsking()
  const names = ['a', 'b', 'c', 'd', 'e']
  launcher.script = async scene => {
    await Promise.all(names.map(toolName => scene.ask({ toolName, toolUseId: toolName })))
    return 'done'
  }
  await sessions.submit(caller, session.id, promptOf('go'))
  const requests = await pending(names.length)
  const remember = { ...body, remember: 'session' } as const
  await Promise.all(requests.map(({ id }) => sessions.permissions.answer(caller, session.id, id, remember)))
  const { remembered } = (await sessions.get(caller, session.id)).session
  expect(remembered).toHaveLength(names.length)
  expect(remembered.map(({ toolName }) => toolName)).toEqual(expect.arrayContaining(names))
})

describe('without a process', () => {
  const file = () => join(temporaryDirectory(), 'store.db')
  // Not one that counts from when the file was read: it would be over before the last tests.
  const ended = new AbortController().signal

  test('a request waits, is answered, and the turn goes on in another', async () => {
    const { sessions, session, pending, launcher } = await openAsking({ permissionParkMs: 1 })
    const { turn } = await sessions.submit(caller, session.id, promptOf('ask'))
    const [request] = await pending()
    await until(() => launcher.agents.size === 0)
    expect((await sessions.get(caller, session.id)).state).toBe('requires_action')
    await sessions.permissions.answer(caller, session.id, request?.id ?? '', { ...body, message: 'go' })
    expect((await sessions.whenTurnEnded(caller, session.id, turn.id, ended)).response).toBe('allowed: go')
    expect(launcher.launched.at(-1)).toMatchObject({ continueAt: 'toolu_1' })
    expect((await sessions.permissions.list(caller, all)).total).toBe(1)
  })

  test('a store that cannot be read lets the process of a question be, and is asked again', async () => {
    const { sessions, session, pending, launcher } = await openAsking({ permissionParkMs: 1 })
    let looks = 0
    launcher.canContinue = async () => {
      if (looks++ === 0) throw new Error('the store is away')
      return true
    }
    const { turn } = await sessions.submit(caller, session.id, promptOf('ask'))
    const [request] = await pending()
    await until(() => launcher.agents.size === 0)
    expect(looks).toBeGreaterThan(1)
    await sessions.permissions.answer(caller, session.id, request?.id ?? '', body)
    expect(await sessions.whenTurnEnded(caller, session.id, turn.id, ended)).toMatchObject({
      status: 'completed',
    })
  })

  test('an answer that no process has been told before a shutdown is told after it, once', async () => {
    const first = await openAsking({ permissionParkMs: 1, file: file(), drainTimeoutMs: 0 })
    const { sessions, session, pending, launcher } = first
    const { turn } = await sessions.submit(caller, session.id, promptOf('ask'))
    const [request] = await pending()
    await until(() => launcher.agents.size === 0)
    // The process that goes on takes its time before it asks.
    launcher.script = async scene => {
      await scene.stopped
      return 'never'
    }
    await sessions.permissions.answer(caller, session.id, request?.id ?? '', body)
    await until(() => [...launcher.agents].some(agent => agent.running))
    await first.close()

    const second = await openSessions({ file: first.file })
    const done = await second.sessions.whenTurnEnded(caller, session.id, turn.id, ended)
    expect(done).toMatchObject({ status: 'completed', response: 'allowed: null' })
    expect(await second.store.leftovers.listSessionsLeft()).toEqual([])
    expect((await second.sessions.permissions.list(caller, all)).total).toBe(1)
  })

  test('a request is there after a shutdown, with those who wait behind it', async () => {
    const first = await openAsking({ file: file() })
    const { sessions, session, pending } = first
    const { turn } = await sessions.submit(caller, session.id, promptOf('ask'))
    const { turn: behind } = await sessions.submit(caller, session.id, promptOf('hello'))
    const [request] = await pending()
    await first.close()

    const second = await openSessions({ file: first.file })
    expect((await second.sessions.get(caller, session.id)).state).toBe('requires_action')
    expect(await second.sessions.permissions.get(caller, session.id, request?.id ?? '')).toEqual(request)
    await second.sessions.permissions.answer(caller, session.id, request?.id ?? '', {
      ...body,
      decision: 'deny',
    })
    const done = await second.sessions.whenTurnEnded(caller, session.id, turn.id, ended)
    expect(done.response).toBe('denied: null')
    const next = await second.sessions.whenTurnEnded(caller, session.id, behind.id, ended)
    expect(next.response).toBe('You said: hello')
  })
})

type Opened = Awaited<ReturnType<typeof openAsking>>
