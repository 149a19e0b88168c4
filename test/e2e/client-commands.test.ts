import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { ClaudeCodeClient } from '../../src/client/index.ts'
import { key, openDoor } from '../http/open-door.ts'
import { openCli, openTyped } from '../support/open-cli.ts'
import { openSessions, until } from '../support/open-sessions.ts'

const hostile = 'a title \u001b[31mred\u009b2J\u202e and more'

/** A server above the scripted engine, and what a command needs to reach it. */
async function open() {
  const engine = await openSessions()
  const door = await openDoor({ service: engine.sessions, config: { rateLimit: { enabled: false } } })
  onTestFinished(() => door[Symbol.asyncDispose]())
  // The address without a path is that of the server.
  const env = { PATH: '/usr/bin:/bin', CLAUDE_CODE_API_URL: door.origin, CLAUDE_API_KEY: key }
  const run = async (args: string[], more: Record<string, string> = {}) => {
    const cli = openCli(args, { ...env, ...more })
    const code = await cli.ended
    return { code, stdout: cli.stdout(), stderr: cli.stderr() }
  }
  return { ...engine, door, env, run, client: new ClaudeCodeClient({ baseUrl: door.url, apiKey: key }) }
}

test('sessions can be listed, shown, followed, exported, interrupted and ended', async () => {
  const { client, run } = await open()
  const session = await client.createSession({ title: hostile })
  await session.send('hello')
  const [listed, json, shown, exported] = await Promise.all([
    run(['sessions', 'list']),
    run(['sessions', 'list', '--json']),
    run(['sessions', 'show', session.id]),
    run(['sessions', 'export', session.id, '--format', 'jsonl']),
  ])
  expect(listed).toMatchObject({ code: 0, stderr: '' })
  expect(listed.stdout).toMatch(new RegExp(`${session.id} +idle +\\S+ \\S+ +a title red and more\n`))
  expect(JSON.parse(json.stdout)).toMatchObject({ sessionId: session.id, title: hostile })
  // biome-ignore lint/suspicious/noControlCharactersInRegex: a terminal would obey them
  for (const { stdout } of [listed, json, shown]) expect(stdout).not.toMatch(/[\u001b\u0080-\u009f\u202e]/)
  expect(shown.stdout).toMatch(/^title +a title red and more$/m)
  expect(
    exported.stdout
      .trim()
      .split('\n')
      .map(line => JSON.parse(line).type),
  ).toEqual(['user', 'assistant'])

  const turn = session.send('hang')
  await until(async () => (await session.get()).state === 'running')
  const following = run(['sessions', 'follow', session.id, '--json'])
  const reading = run(['sessions', 'follow', session.id])
  expect((await run(['sessions', 'interrupt', session.id, '--json'])).stdout).toMatch(/"interrupted":\["/)
  expect((await turn).status).toBe('interrupted')
  expect(await run(['sessions', 'end', session.id])).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('ended'),
  })
  const types = (await following).stdout
    .trim()
    .split('\n')
    .map(line => JSON.parse(line).type)
  expect(types.at(0)).toBe('session.created')
  expect(types.at(-1)).toBe('session.ended')
  const { code, stdout } = await reading
  expect(code).toBe(0)
  expect(stdout).toContain('You said: hello\n[completed, ')
  expect(stdout).toContain('[interrupted, ')
  expect(stdout).toContain('[the session has ended]')
})

test('exit codes tell what was wrong, and keys come from no flag and no open file', async () => {
  const { run, cwd, env } = await open()
  const [unknown, dots, limit, flag, unreachable, url, keyless] = await Promise.all([
    run(['sessions', 'show', '11111111-1111-4111-8111-111111111111']),
    run(['sessions', 'show', '..']),
    run(['sessions', 'list', '--limit', '0']),
    run(['sessions', 'list', '--key', key]),
    run(['sessions', 'list', '--url', 'http://127.0.0.1:1']),
    run(['sessions', 'list', '--url', 'ftp://x']),
    run(['sessions', 'list'], { CLAUDE_API_KEY: '' }),
  ])
  const notFound = /^claude-code-api: .*\(SESSION_NOT_FOUND\)\n$/
  expect(unknown).toMatchObject({ code: 1, stderr: expect.stringMatching(notFound) })
  expect(dots.stderr).toBe('claude-code-api: session: must be the id of a session\n')
  expect([limit.code, flag.code]).toEqual([2, 2])
  expect(unreachable).toMatchObject({ code: 3, stdout: '' })
  expect(url.stderr).toMatch(/^claude-code-api: --url: must be a URL/)
  expect(keyless.stderr).toContain('--key-file')

  const file = join(cwd, 'key')
  writeFileSync(file, `${key}\n`, { mode: 0o600 })
  const args = ['sessions', 'list', '--key-file', file]
  expect((await run(args, { CLAUDE_API_KEY: '' })).code).toBe(0)
  chmodSync(file, 0o640)
  const open_ = await run(args, env)
  expect(open_).toMatchObject({ code: 1, stderr: expect.stringMatching(/chmod 600/) })
  expect(open_.stderr).not.toContain(key)
})

test('chat from a pipe takes each line as a prompt, and prints plain text', async () => {
  const { env, client } = await open()
  const piped = openTyped(['chat', '--title', 'piped'], env, false)
  piped.type('hello there\nask for it\nnonsense\ny\n')
  await piped.said(/run make: allowed\]\n\[completed/)
  piped.child.stdin?.end()
  expect(await piped.ended).toBe(0)
  expect(piped.stdout()).toContain('You said: hello there\n[completed, ')
  expect(piped.stdout()).toContain('? Claude wants to run make\n  {"command":"make"}\n')
  // biome-ignore lint/suspicious/noControlCharactersInRegex: a terminal would obey them
  expect(piped.stdout()).not.toMatch(/[\u001b>]/)
  const { sessions } = await client.call('listSessions')
  expect(sessions).toMatchObject([{ title: 'piped' }])
})

test('chat on a terminal: Ctrl-C interrupts a turn, and leaves at the prompt; a session is continued', async () => {
  const { env, client } = await open()
  const session = await client.createSession({ permissionPrompts: 'ask' })
  const chat = openTyped(['chat', '--session', session.id], env, true)
  await chat.said(/leaves\.[\s\S]*> /)
  chat.type('hang\r')
  await chat.said('working')
  // What is typed meanwhile is no answer to a question that comes later.
  chat.type('\u0003')
  await chat.said(/\[interrupted, /)
  chat.type('ask\r')
  await chat.said('Allow?')
  chat.type('a\r')
  await chat.said(/run make: allowed\][\s\S]*\[completed[\s\S]*> /)
  chat.type('\u0003')
  await chat.said('[Ctrl-C again leaves]')
  chat.type('\u0003')
  expect(await chat.ended).toBe(0)
  expect(chat.stdout()).toContain(`chat --session ${session.id}`)
  const { permissions } = await client.call('listPermissions', {
    params: { sessionId: session.id },
    query: { status: 'all' },
  })
  expect(permissions).toMatchObject([{ status: 'allowed', remembered: [expect.anything()] }])
})
