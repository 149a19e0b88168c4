import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { ClaudeCodeClient } from '../../src/client/index.ts'
import { apiError, text, toolUse } from '../../src/demo/answer.ts'
import { makeRepository } from '../support/git.ts'
import { openOnce } from '../support/lifetime.ts'
import { apiKey, openServer } from '../support/open-server.ts'
import { temporaryDirectory } from '../support/open-sessions.ts'
import { claudeEnvironment, openModel } from '../support/real-claude.ts'
import { examples, runExample } from '../support/run-example.ts'
import { openReceiver } from '../support/webhook-receiver.ts'

const shared = openOnce(async () => {
  const { host, port, close } = await openReceiver()
  close()
  const server = await openServer({ allowedPrivateHosts: [host] })
  return { ...server, port, env: { CLAUDE_CODE_API_URL: server.base, CLAUDE_API_KEY: apiKey } }
})

function sourceOf(name: string): string {
  // Users import the package.
  return readFileSync(join(examples, name), 'utf8')
    .trim()
    .replaceAll("'../src/client/index.ts'", "'claude-code-http-api/client'")
}

describe('asking a person', () => {
  const askers = ['approval-bot.ts', 'python/ask.py', 'shell/ask.sh']

  test.each(askers)('%s asks before a command is run, and takes yes and no', async name => {
    const { model, cwd, env } = shared()
    await Promise.all(
      ['yes', 'no'].map(async said => {
        const file = join(cwd, `${name.split('.').at(-1)}-${said}`)
        model.script(`make ${said} "it"`, [
          toolUse('Bash', { command: `touch ${file}` }),
          text('That was it.'),
        ])
        const bot = runExample(name, [`make ${said} "it"`], env)
        await bot.says('(yes or no)')
        bot.child.stdin.write(`${said}\n`)
        expect([await bot.ended, bot.complained()]).toEqual([0, ''])
        expect(bot.said()).toContain(`touch ${file}`)
        expect(bot.said()).toContain('Claude: That was it.')
        expect(existsSync(file)).toBe(said === 'yes')
      }),
    )
  })

  test.each(askers)('%s says what went wrong, and fails', async name => {
    const { model, env } = shared()
    model.script('break', apiError(400, { message: 'no such thing' }))
    const refused = runExample(name, ['hello'], { ...env, CLAUDE_API_KEY: 'wrong' })
    const failed = runExample(name, ['break'], env)
    expect(await refused.ended).toBe(1)
    expect(refused.said() + refused.complained()).toMatch(/INVALID_API_KEY|401/)
    expect(await failed.ended).toBe(1)
    expect(failed.complained()).toContain("The model's API refused the request as invalid")
  })
})

test('the approver is woken by a webhook, and answers what it was told to', async () => {
  const { model, cwd, call, createSession, env, port } = shared()
  const [wanted, unwanted] = [join(cwd, 'wanted'), join(cwd, 'unwanted')]
  model.script('make them', [
    toolUse('Bash', { command: `touch ${wanted}` }),
    toolUse('Bash', { command: `touch ${unwanted}` }),
    text('That was it.'),
  ])
  const approver = runExample('webhook-approver.ts', [`touch ${wanted}`], { ...env, PORT: `${port}` })
  await approver.says('sleeping')
  const sessionId = await createSession({ permissionPrompts: 'ask' })
  const answer = await call('POST', `/sessions/${sessionId}/messages`, { prompt: 'make them' })
  expect(answer.body.response).toBe('That was it.')
  expect([existsSync(wanted), existsSync(unwanted)]).toEqual([true, false])
  expect(approver.said()).toContain(`allow: Bash {"command":"touch ${wanted}"`)
  expect(approver.said()).toContain(`deny: Bash {"command":"touch ${unwanted}"`)
  approver.child.kill('SIGTERM')
  expect(await approver.ended).toBe(0)
  expect((await call('GET', '/webhooks')).body.webhooks).toEqual([])
})

test('the batch works on each repository in a worktree, and fails if one of them does', async () => {
  const { model, cwd, env } = shared()
  const [one, two] = ['one', 'two'].map(name => makeRepository(join(cwd, 'repositories', name)))
  model.script('add a note', [toolUse('Bash', { command: 'ls' }), text('Looked')])
  const args = ['add a note', one ?? '', two ?? '']
  const good = runExample('batch.ts', args, env)
  const bad = runExample('batch.ts', [...args, join(cwd, 'no-repository')], env)
  expect([await good.ended, good.complained()]).toEqual([0, ''])
  const rows = good.said().trim().split('\n')
  expect(rows).toHaveLength(3)
  expect(rows[1]).toMatch(/repositories\/one +done +0 +\$0\.\d\d +claude\//)
  expect(await bad.ended).toBe(1)
  expect(bad.said()).toMatch(/no-repository +failed: /)
  expect(await runExample('batch.ts', ['nothing'], env).ended).toBe(2)
})

test('the CI job reports by its exit code, as Markdown and as JUnit', async () => {
  const { model, env } = shared()
  const directory = temporaryDirectory()
  const finding = { file: 'a<b>.ts', line: 7, message: 'Say "no" & <script>' }
  model.script('look for faults', toolUse('StructuredOutput', { passed: false, findings: [finding] }))
  model.script('all is well', toolUse('StructuredOutput', { passed: true, findings: [] }))
  model.script('break', apiError(400, { message: 'no such thing' }))
  const run = (name: string, prompt: string) => {
    const file = join(directory, `${name}.txt`)
    writeFileSync(file, prompt)
    const [junit, markdown] = [join(directory, `${name}.xml`), join(directory, `${name}.md`)]
    const job = runExample('ci-job.ts', ['--junit', junit, '--markdown', markdown, file], env)
    return { job, junit, markdown }
  }
  const found = run('found', 'look for faults')
  const broken = run('broken', 'break')
  const passed = runExample('ci-job.ts', ['--budget', '2'], env)
  passed.child.stdin.end('all is well')
  expect([await found.job.ended, await broken.job.ended, await passed.ended]).toEqual([1, 3, 0])
  expect(readFileSync(found.junit, 'utf8')).toContain(
    '<testcase classname="a&#60;b&#62;.ts" name="line 7"><failure message="Say &#34;no&#34; &#38; &#60;script&#62;"/>',
  )
  expect(readFileSync(found.markdown, 'utf8')).toContain('- a\\<b\\>.ts:7: Say "no" & \\<script\\>')
  expect(readFileSync(broken.junit, 'utf8')).toContain('errors="1"')
  expect(passed.said()).toContain('# Claude: passed')
})

test('the chat bot has a session for each thread, asks by buttons, and knows its threads after a restart', async () => {
  const { model, cwd, env } = shared()
  const file = join(cwd, 'pressed')
  model.script('make it', [toolUse('Bash', { command: `touch ${file}` }), text('That was it.')])
  const bot = runExample('chat-bot/main.ts', [], env)
  bot.child.stdin.write('a: Remember that my cat is called Minka\nb: make it\n')
  await bot.says('[Allow] [Deny]')
  bot.child.stdin.write('b! Allow\n')
  await bot.says('b: That was it.')
  await bot.says('a: [stand-in]')
  bot.child.stdin.end()
  expect([await bot.ended, bot.complained()]).toEqual([0, ''])
  expect(existsSync(file)).toBe(true)
  const again = runExample('chat-bot/main.ts', [], env)
  again.child.stdin.end('a: What is my cat called?\n')
  expect(await again.ended).toBe(0)
  expect(again.said()).toContain('Minka')
})

test('the application with its own login shows each user the own sessions only', async () => {
  const model = await openModel()
  const home = temporaryDirectory()
  const env = {
    ...claudeEnvironment(model, home),
    DATA_DIR: home,
    PORT: '0',
    CLIENT_FILE: join(home, 'none'),
  }
  const app = runExample('express-embedding/server.ts', [], env)
  await app.says('http://')
  const [origin = ''] = /http:\S+(?=\/)/.exec(app.said()) ?? []
  const login = async (user: string, password = 'demo') => {
    const headers = { 'content-type': 'application/json' }
    const body = JSON.stringify({ user, password })
    const response = await fetch(`${origin}/login`, { method: 'POST', headers, body })
    const cookie = response.headers.get('set-cookie')?.split(';')[0] ?? ''
    return { status: response.status, cookie, client: clientWith(cookie) }
  }
  const clientWith = (cookie: string) =>
    new ClaudeCodeClient({ baseUrl: `${origin}/api/v1`, headers: { cookie } })
  await expect(clientWith('').createSession()).rejects.toMatchObject({ code: 'MISSING_API_KEY' })
  expect((await login('ada', 'wrong')).status).toBe(401)
  expect((await login('toString')).status).toBe(401)
  const [ada, bob] = await Promise.all([login('ada'), login('bob')])
  const session = await ada.client.createSession()
  expect((await session.send('What is 6 times 7?')).response).toContain('42')
  await expect(bob.client.session(session.id).get()).rejects.toMatchObject({ code: 'SESSION_NOT_FOUND' })
  await fetch(`${origin}/logout`, { method: 'POST', headers: { cookie: ada.cookie } })
  await expect(session.get()).rejects.toMatchObject({ code: 'MISSING_API_KEY' })
  app.child.kill('SIGTERM')
  expect(await app.ended).toBe(0)
})

test('a program answers its tool and decides its hook; the guide shows it', async () => {
  const { model, env } = shared()
  model.script('weather in Oslo', ({ round, toolResults }) => {
    if (round === 0) return toolUse('mcp__client__get_weather', { city: 'Oslo' })
    return round === 1 ? toolUse('Bash', { command: 'rm -r /' }) : text(String(toolResults[0]?.isError))
  })
  const program = runExample('client-tools.ts', ['What is the weather in Oslo?'], env)
  expect([await program.ended, program.complained()]).toEqual([0, ''])
  expect(program.said()).toBe('Claude: true\n')
  const guide = readFileSync(join(examples, '../docs/guides/client-tools.md'), 'utf8')
  expect(guide).toContain(sourceOf('client-tools.ts'))
})

test('the guide shows the bot and the approver as they are; the bot has at most 30 lines', () => {
  const guide = readFileSync(join(examples, '../docs/guides/approvals.md'), 'utf8')
  for (const name of ['approval-bot.ts', 'webhook-approver.ts']) expect(guide).toContain(sourceOf(name))
  expect(sourceOf('approval-bot.ts').split('\n').length).toBeLessThanOrEqual(30)
})
