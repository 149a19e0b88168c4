import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { text } from '../../src/demo/answer.ts'
import { openOnce } from '../support/lifetime.ts'
import { openServer } from '../support/open-server.ts'
import { until } from '../support/open-sessions.ts'
import { claudesOf } from '../support/processes.ts'

/** A server and a directory in it with a command, a skill and a file to mention. */
async function openProject(given: Parameters<typeof openServer>[0] = {}) {
  const server = await openServer({ record: true, ...given })
  // Not the home directory itself: Claude Code takes what is there for the user's own.
  const project = join(server.cwd, 'project')
  const write = (path: string, content: string) => {
    mkdirSync(join(project, path, '..'), { recursive: true })
    writeFileSync(join(project, path), content)
  }
  write(
    '.claude/commands/hello.md',
    '---\ndescription: Says hello\nargument-hint: "<name>"\n---\nSay hello to $ARGUMENTS\n',
  )
  write(
    '.claude/skills/greet/SKILL.md',
    '---\nname: greet\ndescription: Greets\n---\nGreet $ARGUMENTS warmly\n',
  )
  write('note.txt', 'the content of the note')
  server.model.script('Say hello to Ada', text('Hello, Ada'))
  server.model.script('Greet Ada warmly', text('Dear Ada'))
  const id = await server.createSession({ cwd: project })
  /** What the model was given with the newest prompt, and with those before it in the conversation. */
  const conversation = () => {
    const { body } = server.model.requests.findLast(({ kind }) => kind === 'prompt') ?? {}
    return JSON.stringify((body as { messages: unknown[] }).messages)
  }
  return { ...server, project, id, conversation }
}

describe('a prompt with commands: true', () => {
  /** For those that do not care what was said before them. */
  const shared = openOnce(() => openProject())

  test('runs commands and skills of the project and follows mentions; without it all is text', async () => {
    const { id, ask, call, conversation } = await openProject()
    const { body } = await call('GET', `/sessions/${id}/commands`)
    expect(body.commands).toContainEqual({
      name: 'hello',
      description: 'Says hello (project)',
      argumentHint: '<name>',
      aliases: [],
      builtIn: false,
    })
    expect(body.commands).toContainEqual(expect.objectContaining({ name: 'greet', builtIn: false }))
    const hello = await ask(id, '/hello Ada', { commands: true })
    expect(hello.body).toMatchObject({ response: 'Hello, Ada', stopReason: 'end_turn' })
    expect((await ask(id, '/greet Ada', { commands: true })).body.response).toBe('Dear Ada')
    expect(
      (await ask(id, [{ type: 'text', text: '/hello Ada' }] as never, { commands: true })).body.response,
    ).toBe('Hello, Ada')
    expect((await ask(id, '/hello Ada')).body.response).not.toContain('Hello, Ada')
    await ask(id, 'Read @note.txt')
    expect(conversation()).not.toContain('the content of the note')
    await ask(id, 'Read @note.txt', { commands: true })
    expect(conversation()).toContain('the content of the note')

    const { turns } = (await call('GET', `/sessions/${id}/turns`)).body
    expect(turns.map((turn: { commands?: true }) => turn.commands)).toEqual([
      true,
      true,
      true,
      undefined,
      undefined,
      true,
    ])
  })

  test('streams as any other, and the history has what was sent', async () => {
    const { id, stream, call } = await openProject()
    const frames = await Array.fromAsync(stream(id, { prompt: '/hello Ada', commands: true }))
    expect(frames.at(-1)).toMatchObject({ event: 'complete', data: { summary: 'Hello, Ada' } })
    const { messages } = (await call('GET', `/sessions/${id}/messages`)).body
    expect(messages[0]).toMatchObject({ source: 'user', content: { message: { content: '/hello Ada' } } })
    const pointer = await call('POST', `/sessions/${id}/messages`, {
      prompt: '/hello Ada',
      commands: true,
      stream: true,
    })
    expect(pointer.body.body).toEqual({ prompt: '/hello Ada', timeout: 0, commands: true })
  })

  test.each([
    ['/context', /Context Usage/],
    ['/cost', /cost/i],
    ['/exit', /isn't available/],
    ['/help', /isn't available/],
    ['/model', /Current model/],
  ])('%s is answered by Claude Code itself, and the session goes on', async (prompt, answer) => {
    const { id, ask, model } = shared()
    const asked = () => model.requests.filter(({ kind }) => kind === 'prompt').length
    const before = asked()
    const { status, body } = await ask(id, prompt, { commands: true })
    expect([status, body.stopReason]).toEqual([200, 'end_turn'])
    expect(body.response).toMatch(answer)
    expect(asked()).toBe(before)
    expect((await ask(id, 'What is 6 times 7?')).body.response).toContain('42')
    expect(claudesOf(process.pid, id)).toHaveLength(1)
  })

  test('an unknown command is told to the model, which answers', async () => {
    const { id, ask, model, conversation } = shared()
    model.script('/nothing-of-that-name', text('There is no such command'))
    const { body } = await ask(id, '/nothing-of-that-name now', { commands: true })
    expect(body.response).toBe('There is no such command')
    expect(conversation()).toContain('no command with that name')
  })

  test('what reaches beyond the session is refused, and not listed', async () => {
    const { id, ask, call } = shared()
    const turns = async () => (await call('GET', `/sessions/${id}/turns`)).body.pagination.total
    const before = await turns()
    for (const prompt of ['/config verbose=true', ' /Settings', '/autocompact 200000', '/insights']) {
      expect(await ask(id, prompt, { commands: true })).toMatchObject({
        status: 400,
        body: { error: { details: { issues: [{ path: 'prompt' }] } } },
      })
    }
    const { commands } = (await call('GET', `/sessions/${id}/commands`)).body
    const names = commands.flatMap((command: { name: string; aliases: string[] }) => [
      command.name,
      ...command.aliases,
    ])
    expect(names).not.toContain('config')
    expect(names).not.toContain('settings')
    expect(names).toContain('compact')
    expect(await turns()).toBe(before)
  })

  test('cannot be steered into a turn, and is part of what an idempotency key stands for', async () => {
    const { id, ask } = shared()
    const steered = await ask(id, '/hello Ada', { commands: true, onBusy: 'steer' })
    expect(steered.body.error.details.issues).toMatchObject([{ path: 'onBusy' }])
    const init = { headers: { 'idempotency-key': 'once' } }
    const first = await ask(id, '/hello Ada', { commands: true }, init)
    const again = await ask(id, '/hello Ada', { commands: true }, init)
    expect(again.body).toEqual(first.body)
    expect((await ask(id, '/hello Ada', {}, init)).body.error.code).toBe('IDEMPOTENCY_KEY_REUSED')
  })
})

test('/clear begins a new conversation in the same session, and a new process takes up that one', async () => {
  const { id, ask, call } = await openProject({ idleTimeoutMs: 300 })
  await ask(id, 'Remember that my cat is called Minka')
  const cleared = await ask(id, '/clear', { commands: true })
  expect(cleared.body).toMatchObject({ response: '', stopReason: 'end_turn' })
  const { claudeSessionId } = (await call('GET', `/sessions/${id}`)).body
  expect(claudeSessionId).not.toBe(id)
  expect(cleared.body.sessionId).toBe(claudeSessionId)
  expect((await ask(id, 'What is my cat called?')).body.response).not.toContain('Minka')
  await ask(id, 'Remember that my dog is called Bello')
  await until(() => claudesOf(process.pid).length === 0)
  expect((await ask(id, 'What is my dog called?')).body.response).toContain('Bello')
  expect((await call('GET', `/sessions/${id}`)).body.claudeSessionId).toBe(claudeSessionId)
  const { messages } = (await call('GET', `/sessions/${id}/messages`)).body
  expect(messages.map((message: { type: string }) => message.type)).toContain('conversation_reset')
})

test('a command that waits for its turn is one after a restart, too', async () => {
  const first = await openProject()
  const { id, ask, call } = first
  await ask(id, 'Count slowly to 1000', { background: true })
  // One that waited itself would run before the command after the restart.
  await until(async () => (await call('GET', `/sessions/${id}`)).body.state === 'running')
  const waiting = await ask(id, '/hello Ada', { commands: true, background: true })
  expect(waiting.status).toBe(202)
  await first.close()
  const second = await openServer({ dataDir: join(first.cwd, 'data'), allowedRoots: [first.cwd] })
  second.model.script('Say hello to Ada', text('Hello again, Ada'))
  const turn = async () => (await second.call('GET', `/sessions/${id}/turns/${waiting.body.turnId}`)).body
  await until(async () => (await turn()).endedAt !== null)
  expect(await turn()).toMatchObject({
    status: 'completed',
    commands: true,
    response: 'Hello again, Ada',
  })
})
