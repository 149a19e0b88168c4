import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { PermissionRequest } from '../../src/contract/permissions.ts'
import { text, together, toolUse } from '../../src/demo/answer.ts'
import { openOnce } from '../support/lifetime.ts'
import { openServer, shareServer } from '../support/open-server.ts'
import { until } from '../support/open-sessions.ts'
import { answer, pendingPermissions } from '../support/permissions.ts'

const ask = { permissionPrompts: 'ask' }
const shared = shareServer()
/** A session for those that do not care what was before them. */
const asking = openOnce(() => shared().createSession(ask))
const write = (file: string) => toolUse('Write', { file_path: file, content: 'written' })

describe('a permission request', () => {
  test('that is allowed lets the tool run, and the turn goes on', async () => {
    const server = shared()
    const { call, createSession, model, cwd } = server
    const file = join(cwd, 'a1.txt')
    model.script('write it', [write(file), text('It is written.')])
    const id = await createSession(ask)
    const answered = server.ask(id, 'Please write it')
    const [request] = await pendingPermissions(server, id)
    expect(request).toMatchObject({
      sessionId: id,
      kind: 'tool',
      toolName: 'Write',
      title: 'Claude wants to use Write',
      input: { file_path: file, content: 'written' },
      status: 'pending',
      decidedAt: null,
      decidedBy: null,
    })
    expect(Date.parse(request.expiresAt) - Date.parse(request.requestedAt)).toBe(3_600_000)
    expect((await call('GET', `/sessions/${id}`)).body.state).toBe('requires_action')
    const turnPath = `/sessions/${id}/turns/${request.turnId}`
    expect((await call('GET', turnPath)).body.status).toBe('requires_action')
    expect((await call('GET', '/permissions')).body.permissions).toMatchObject([
      { permissionId: request.permissionId },
    ])
    expect(existsSync(file)).toBe(false)

    const decided = await answer(server, request, { decision: 'allow' })
    expect(decided).toMatchObject({ status: 200, body: { status: 'allowed', decidedBy: expect.any(String) } })
    expect((await answered).body).toMatchObject({ response: 'It is written.', stopReason: 'end_turn' })
    expect(readFileSync(file, 'utf8')).toBe('written')
    expect((await answer(server, request, { decision: 'deny' })).body.error).toMatchObject({
      code: 'PERMISSION_ALREADY_RESOLVED',
      details: { status: 'allowed' },
    })
    expect((await call('GET', `/sessions/${id}/permissions?status=all`)).body.permissions).toHaveLength(1)
    expect((await call('GET', turnPath)).body.status).toBe('completed')
  })

  test('is told by the stream of the turn as well', async () => {
    const server = shared()
    const { model, cwd, stream } = server
    model.script('write it', [write(join(cwd, 'a2.txt')), text('It is written.')])
    const id = asking()
    const seen: string[] = []
    for await (const { event, data } of stream(id, { prompt: 'write it' })) {
      if (event !== 'message') seen.push(event)
      if (event === 'permission.requested') {
        await answer(server, data as unknown as PermissionRequest, { decision: 'allow' })
      }
    }
    expect(seen).toEqual(['connected', 'permission.requested', 'permission.resolved', 'complete'])
  })

  test('that is denied tells Claude why', async () => {
    const server = shared()
    const { model, cwd } = server
    const file = join(cwd, 'a3.txt')
    let told = ''
    model.script('write it', prompt => {
      if (prompt.round === 0) return write(file)
      told = prompt.toolResults[0]?.content ?? ''
      return text('So I did not.')
    })
    const id = asking()
    const answered = server.ask(id, 'Please write it')
    const [request] = await pendingPermissions(server, id)
    await answer(server, request, { decision: 'deny', message: 'Not on a Friday' })
    expect((await answered).body).toMatchObject({
      response: 'So I did not.',
      permissionDenials: [{ toolName: 'Write', input: { file_path: file } }],
    })
    expect(told).toContain('Not on a Friday')
    expect(existsSync(file)).toBe(false)
  })

  test('runs the tool with another input where it is told so', async () => {
    const server = shared()
    const { model, cwd } = server
    model.script('write it', [write(join(cwd, 'a4.txt')), text('done')])
    const id = asking()
    const answered = server.ask(id, 'Please write it')
    const [request] = await pendingPermissions(server, id)
    const updatedInput = { file_path: join(cwd, 'b4.txt'), content: 'something else' }
    await answer(server, request, { decision: 'allow', updatedInput })
    await answered
    expect(existsSync(join(cwd, 'a4.txt'))).toBe(false)
    expect(readFileSync(join(cwd, 'b4.txt'), 'utf8')).toBe('something else')
  })

  test('several at once are answered in any order', async () => {
    const server = shared()
    const { model, cwd } = server
    const run = (name: string) => toolUse('Bash', { command: `touch ${join(cwd, name)}` })
    model.script('all three', [together(run('one'), run('two'), run('three')), text('done')])
    const id = asking()
    const answered = server.ask(id, 'Do all three')
    const requests = await pendingPermissions(server, id, 1)
    const order: string[] = []
    // Claude Code may ask one after the other or all at once; each is answered as it comes, the newest first.
    let open = requests.toReversed()
    while (order.length < 3) {
      const [next] = open
      if (!next) throw new Error('nothing to answer')
      order.push(String(next.input.command))
      await answer(server, next, { decision: order.length === 2 ? 'deny' : 'allow' })
      if (order.length < 3) open = (await pendingPermissions(server, id)).toReversed()
    }
    expect((await answered).body.response).toBe('done')
    expect(['one', 'two', 'three'].filter(name => existsSync(join(cwd, name)))).toHaveLength(2)
  })

  test('of subagents can be open at once, and say whose they are', async () => {
    const server = shared()
    const { createSession, model, cwd } = server
    const helper = { description: 'Helps', prompt: 'You help.', tools: ['Bash'] }
    const send = (errand: string) =>
      toolUse('Agent', {
        subagent_type: 'helper',
        description: 'x',
        prompt: errand,
        run_in_background: false,
      })
    const touch = (name: string) => [
      toolUse('Bash', { command: `touch ${join(cwd, name)}` }),
      text(`${name} is there`),
    ]
    model.script('the first errand', touch('helper-one'))
    model.script('the second errand', touch('helper-two'))
    model.script('send both', [together(send('the first errand'), send('the second errand')), text('done')])
    const id = await createSession({ ...ask, agents: { helper } })
    const answered = server.ask(id, 'send both')
    const requests = await pendingPermissions(server, id, 2)
    expect(new Set(requests.map(({ agentId }) => agentId)).size).toBe(2)
    expect(requests.map(({ agentId }) => agentId)).not.toContain(null)
    for (const request of requests.toReversed()) await answer(server, request, { decision: 'allow' })
    expect((await answered).body.response).toBe('done')
    expect(existsSync(join(cwd, 'helper-one')) && existsSync(join(cwd, 'helper-two'))).toBe(true)
  })

  test('with remember lets what was suggested pass for the rest of the session, in a new process as well', async () => {
    const server = await openServer({ idleTimeoutMs: 100 })
    const { createSession, model, cwd } = server
    model.script('touch it', [toolUse('Bash', { command: `touch ${join(cwd, 'x')}` }), text('touched')])
    const id = await createSession(ask)
    const answered = server.ask(id, 'touch it')
    const [request] = await pendingPermissions(server, id)
    await answer(server, request, { decision: 'allow', remember: 'session' })
    await answered
    await until(async () => (await server.call('GET', `/sessions/${id}`)).body.state === 'idle')
    expect((await server.ask(id, 'touch it')).body.response).toBe('touched')
    expect((await server.call('GET', `/sessions/${id}/permissions?status=all`)).body.pagination.total).toBe(1)
  })

  test('nobody answers in time is denied and has expired', async () => {
    const server = shared()
    const { createSession, model, cwd, call } = server
    model.script('write it', [write(join(cwd, 'a8.txt')), text('Nobody was there.')])
    const id = await createSession({ ...ask, permissionTimeoutMs: 1000 })
    expect((await server.ask(id, 'write it')).body.response).toBe('Nobody was there.')
    expect((await call('GET', `/sessions/${id}/permissions?status=all`)).body.permissions).toMatchObject([
      { status: 'expired', decidedBy: null, decidedAt: expect.any(String) },
    ])
  })

  test.each([
    ['an interrupt', { path: 'interrupt', body: {} }],
    ['a denial that interrupts', { decision: { decision: 'deny', interrupt: true } }],
  ])('is over with %s', async (_, how) => {
    const server = shared()
    const { model, cwd, call } = server
    model.script('write it', [write(join(cwd, 'a9.txt')), text('never said')])
    const id = asking()
    const answered = server.ask(id, 'write it')
    const [request] = await pendingPermissions(server, id)
    if ('path' in how) await call('POST', `/sessions/${id}/${how.path}`, how.body)
    else await answer(server, request, how.decision)
    expect((await answered).body).toMatchObject({ stopReason: 'interrupted' })
    const { body } = await call('GET', `/sessions/${id}/permissions/${request.permissionId}`)
    expect(body.status).toBe('path' in how ? 'withdrawn' : 'denied')
    expect((await call('GET', `/sessions/${id}`)).body.state).toBe('idle')
    expect((await server.ask(id, 'What is 6 times 7?')).body.response).toContain('42')
  })

  test('is withdrawn by a timeout and by the end of the session', async () => {
    const server = shared()
    const { createSession, model, cwd, call } = server
    model.script('write it', [write(join(cwd, 'a10.txt')), text('never said')])
    const id = await createSession(ask)
    // A process that is there already, so that the time is spent waiting for an answer.
    await server.ask(id, 'What is 6 times 7?')
    const late = await server.ask(id, 'write it', { timeout: 15_000 })
    expect(late.body.error.code).toBe('REQUEST_TIMEOUT')
    // Its caller may be told before the turn has ended, and the request is withdrawn.
    const path = `/sessions/${id}/turns/${late.body.error.details.turnId}`
    await until(async () => (await call('GET', path)).body.status === 'timed_out')
    const answered = server.ask(id, 'write it')
    await pendingPermissions(server, id)
    await call('DELETE', `/sessions/${id}`)
    expect((await answered).body.stopReason).toBe('interrupted')
    const { permissions } = (await call('GET', `/sessions/${id}/permissions?status=all`)).body
    expect(permissions.map(({ status }: { status: string }) => status)).toEqual(['withdrawn', 'withdrawn'])
  })
})

test('without anybody to ask everything is denied at once, and the answer says so', async () => {
  const { createSession, model, cwd, ask: send, call } = shared()
  const file = join(cwd, 'a11.txt')
  model.script('write it', [write(file), text('I may not.')])
  const id = await createSession()
  expect((await send(id, 'write it')).body).toMatchObject({
    response: 'I may not.',
    permissionDenials: [{ toolName: 'Write', toolUseId: expect.any(String), input: { file_path: file } }],
  })
  expect((await call('GET', `/sessions/${id}/permissions?status=all`)).body.permissions).toEqual([])
})

describe('a question', () => {
  const questions = [
    {
      question: 'Which color?',
      header: 'Color',
      multiSelect: false,
      options: [
        { label: 'Red', description: 'like a rose' },
        { label: 'Blue', description: 'like the sea' },
      ],
    },
    {
      question: 'Which sizes?',
      header: 'Sizes',
      multiSelect: true,
      options: [
        { label: 'S', description: 'small' },
        { label: 'L', description: 'large' },
      ],
    },
  ]

  test('is shown and takes answers, which Claude is told', async () => {
    const server = shared()
    const { createSession, model } = server
    let told = ''
    model.script('ask me', prompt => {
      if (prompt.round === 0) return toolUse('AskUserQuestion', { questions })
      told = prompt.toolResults[0]?.content ?? ''
      return text('Thank you.')
    })
    const id = await createSession(ask)
    const answered = server.ask(id, 'ask me')
    const [request] = await pendingPermissions(server, id)
    expect(request).toMatchObject({ kind: 'question', questions })
    expect((await answer(server, request, { decision: 'allow' })).body.error.details.issues).toMatchObject([
      { path: 'answers' },
    ])
    const wrong = { decision: 'allow', answers: { 'Which color?': 'Red', 'What else?': 'x' } }
    expect((await answer(server, request, wrong)).status).toBe(400)
    const answers = { 'Which color?': 'Blue', 'Which sizes?': ['S', 'L'] }
    expect((await answer(server, request, { decision: 'allow', answers })).status).toBe(200)
    expect((await answered).body.response).toBe('Thank you.')
    expect(told).toContain('Blue')
    expect(told).toContain('S, L')
  })
})

describe('a plan', () => {
  test('is shown, sent back with feedback, then approved with a mode to go on with', async () => {
    const server = shared()
    const { createSession, model, cwd, call } = server
    const file = join(cwd, 'a13.txt')
    const results: string[] = []
    model.script('plan it', prompt => {
      results.push(...prompt.toolResults.map(({ content }) => content))
      if (prompt.round < 2) return toolUse('ExitPlanMode', { plan: `# Plan ${prompt.round + 1}` })
      return prompt.round === 2 ? write(file) : text('As planned.')
    })
    const id = await createSession({ ...ask, permissionMode: 'plan' })
    const answered = server.ask(id, 'plan it')
    const [first] = await pendingPermissions(server, id)
    expect(first).toMatchObject({ kind: 'plan', toolName: 'ExitPlanMode', plan: '# Plan 1' })
    await answer(server, first, { decision: 'deny', message: 'Shorter, please' })
    const [second] = await pendingPermissions(server, id)
    expect(second.permissionId).not.toBe(first.permissionId)
    expect(
      (await answer(server, second, { decision: 'allow', permissionMode: 'bypassPermissions' })).body.error
        .code,
    ).toBe('PERMISSION_MODE_NOT_ALLOWED')
    await answer(server, second, { decision: 'allow', permissionMode: 'acceptEdits' })
    expect((await answered).body.response).toBe('As planned.')
    expect(results.join('\n')).toContain('Shorter, please')
    expect(readFileSync(file, 'utf8')).toBe('written')
    expect((await call('GET', `/sessions/${id}`)).body.config.permissionMode).toBe('acceptEdits')

    // Claude Code has been told another mode than it was started with; a change goes from there.
    await call('PATCH', `/sessions/${id}`, { permissionMode: 'plan' })
    const again = join(cwd, 'b13.txt')
    model.script('write once more', [write(again), text('Not allowed.')])
    const refused = server.ask(id, 'write once more')
    const [third] = await pendingPermissions(server, id)
    expect(third).toMatchObject({ kind: 'tool', toolName: 'Write' })
    await answer(server, third, { decision: 'deny' })
    await refused
    expect(existsSync(again)).toBe(false)
  })
})
