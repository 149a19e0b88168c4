import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { get } from 'node:https'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { text } from '../../src/demo/answer.ts'
import { makeCertificate, writeCertificate } from '../support/certificates.ts'
import { createClient } from '../support/client.ts'
import { openCli } from '../support/open-cli.ts'
import { temporaryDirectory, until } from '../support/open-sessions.ts'
import { claudesOf } from '../support/processes.ts'
import { claudeEnvironment, openModel } from '../support/real-claude.ts'

const run = promisify(execFile)
const listening = /^claude-code-api listening on (http:\/\/\S+)$/m

async function prepare() {
  const model = await openModel()
  const home = temporaryDirectory()
  const env = claudeEnvironment(model, home)
  return { model, home, env, dataDir: join(home, 'data') }
}

describe('serve', () => {
  test('--demo prints three lines that work when pasted, and leaves nothing behind', async () => {
    const home = temporaryDirectory()
    const cli = openCli(['serve', '--demo', '--port', '0'], {
      PATH: '/usr/bin:/bin',
      HOME: home,
      TMPDIR: home,
      // What is there for another server is left alone.
      CLAUDE_CODE_API_DATA_DIR: join(home, 'of-another-server'),
      CLAUDE_CODE_API_TRUSTED_ROOTS: home,
      CLAUDE_CODE_API_DATABASE_SCHEMA: 'other',
      DATABASE_URL: 'postgres://127.0.0.1:1/none',
    })
    const said = await cli.said('Ctrl-C stops it.')
    const lines = said.split('\n').filter(line => line.startsWith('SESSION=') || line.startsWith('curl '))
    expect(lines).toHaveLength(3)
    const { stdout } = await run('/bin/sh', ['-c', lines.join('\n')], { env: { PATH: '/usr/bin:/bin' } })
    expect(stdout).toContain('stand-in')
    expect(stdout).toContain('event: delta')
    expect(stdout).toMatch(/event: complete\n.*"summary":"\[stand-in\].*1\\n2\\n3\\n4\\n5/)
    const base = /Address: (\S+)/.exec(said)?.[1] ?? ''
    const demo = createClient(base, /Key: +(\S+)/.exec(said)?.[1])
    const asking = await demo.createSession({ permissionPrompts: 'ask', permissionMode: 'plan' })
    const { body: planned } = await demo.call('POST', `/sessions/${asking}/messages`, {
      prompt: 'Propose a plan',
      background: true,
    })
    const findPlan = async () =>
      (await demo.call('GET', `/sessions/${asking}/permissions`)).body.permissions[0]
    await until(async () => (await findPlan()) !== undefined)
    const { permissionId, kind } = await findPlan()
    expect(kind).toBe('plan')
    await demo.call('POST', `/sessions/${asking}/permissions/${permissionId}`, { decision: 'allow' })
    const findTurn = async () => (await demo.call('GET', `/sessions/${asking}/turns/${planned.turnId}`)).body
    await until(async () => (await findTurn()).status === 'completed')
    // Each session has a directory of its own.
    const { sessions } = (await demo.call('GET', '/sessions')).body
    const directories = await Promise.all(
      sessions.map(
        async ({ sessionId }: { sessionId: string }) =>
          (await demo.call('GET', `/sessions/${sessionId}`)).body.config.cwd,
      ),
    )
    expect(new Set(directories).size).toBe(2)
    const { pid } = cli.child
    expect(claudesOf(pid).length).toBeGreaterThan(0)
    const claudes = claudesOf(pid)
    cli.child.kill('SIGINT')
    expect(await cli.ended).toBe(0)
    for (const claude of claudes) expect(existsSync(`/proc/${claude}`)).toBe(false)
    expect(readdirSync(home).filter(name => name.startsWith('claude-code-api-demo'))).toEqual([])
    expect(existsSync(join(home, 'of-another-server'))).toBe(false)
  })

  test('makes a key at its first start, tells it once and keeps only its hash', async () => {
    const { env, dataDir } = await prepare()
    const args = ['serve', '--port', '0', '--data-dir', dataDir, '--root', env.HOME ?? '']
    const first = openCli(args, env)
    const said = await first.said(/shown only once\): \S+\n/)
    const key = /shown only once\): (\S+)/.exec(said)?.[1] ?? ''
    const base = `${listening.exec(said)?.[1]}/api/v1`
    expect((await createClient(base, key).call('GET', '/sessions')).status).toBe(200)
    expect((await createClient(base, undefined).call('GET', '/sessions')).status).toBe(401)
    expect((await createClient(base, `${key}x`).call('GET', '/sessions')).status).toBe(403)
    const id = await createClient(base, key).createSession()
    expect((await createClient(base, key).ask(id, 'What is 6 times 7?')).body.response).toContain('42')
    first.child.kill('SIGTERM')
    expect(await first.ended).toBe(0)
    for (const name of readdirSync(dataDir))
      expect(readFileSync(join(dataDir, name), 'latin1')).not.toContain(key)

    const second = openCli(args, env)
    const again = await second.said(listening)
    expect(second.stdout()).not.toContain('shown only once')
    const reopened = createClient(`${listening.exec(again)?.[1]}/api/v1`, key)
    expect((await reopened.call('GET', `/sessions/${id}/messages`)).body.pagination.total).toBeGreaterThan(1)
    expect(`${first.stderr()}${second.stderr()}`).not.toContain(key)
  })

  test('refuses what cannot work, in one line each', async () => {
    const { env, dataDir } = await prepare()
    const refused = async (args: string[], more: Record<string, string> = {}, code = 1) => {
      const cli = openCli(['serve', '--port', '0', '--data-dir', dataDir, ...args], { ...env, ...more })
      expect(await cli.ended).toBe(code)
      expect(cli.stdout()).toBe('')
      return cli.stderr().trim()
    }
    expect(await refused(['--no-auth', '--host', '0.0.0.0'])).toMatch(
      /^claude-code-api: --no-auth: .*loopback$/,
    )
    expect(await refused(['--host', '0.0.0.0'], { CLAUDE_API_KEY: 'fifteen-letters' })).toMatch(
      /^claude-code-api: CLAUDE_API_KEY: must have at least 16 characters while the server listens on 0\.0\.0\.0/,
    )
    expect(await refused(['--port', '70000'], {}, 2)).toMatch(/0 to 65535/)
    expect(await refused(['--host', '0.0.0.0'])).toMatch(
      /isolation: must be set while the server listens on 0\.0\.0\.0/,
    )
    expect(await refused(['--host', '203.0.113.1', '--isolation', 'none'])).toBe(
      'claude-code-api: 203.0.113.1 is not an address of this machine; choose another with --host',
    )
    expect(await refused(['--doors', 'openai,openapi'])).toMatch(/^claude-code-api: --doors: .*openai/)
    expect(await refused(['--root', join(env.HOME ?? '', 'gone')])).toMatch(
      /^claude-code-api: --root: .*gone does not exist$/,
    )
    expect(await refused([], { CLAUDE_CODE_API_ROOTS: join(env.HOME ?? '', 'gone') })).toMatch(
      /^claude-code-api: CLAUDE_CODE_API_ROOTS: .*gone does not exist$/,
    )
    expect(await refused([], { CLAUDE_CODE_API_MAX_SESSIONS: '0' })).toMatch(
      /^claude-code-api: CLAUDE_CODE_API_MAX_SESSIONS: /,
    )
    expect(await refused(['--config', join(env.HOME ?? '', 'gone.yaml')])).toMatch(
      /^claude-code-api: .*gone\.yaml: does not exist$/,
    )
    const file = join(env.HOME ?? '', 'a-file')
    writeFileSync(file, '')
    expect(await refused(['--data-dir', join(file, 'data')])).toMatch(
      /^claude-code-api: --data-dir: .*a-file/,
    )
    expect(await refused([], { CLAUDE_API_KEY: 'with space' })).toMatch(/^claude-code-api: CLAUDE_API_KEY: /)
    expect(await refused(['--tls-cert', file])).toBe(
      'claude-code-api: tls.keyFile: must be set together with tls.certFile',
    )
    expect(await refused(['--tls-cert', `${file}.gone`, '--tls-key', file])).toMatch(
      /^claude-code-api: --tls-cert: .*a-file.gone does not exist$/,
    )
  })

  test('serves HTTPS, and loads another certificate at SIGHUP', async () => {
    const { env, dataDir, home } = await prepare()
    const first = makeCertificate()
    const { certFile, keyFile } = writeCertificate(home, first)
    const args = ['serve', '--port', '0', '--data-dir', dataDir, '--tls-cert', certFile, '--tls-key', keyFile]
    const cli = openCli(args, { ...env, CLAUDE_CODE_API_TLS_HSTS_MAX_AGE_MS: '60000' })
    const [, url = ''] = /listening on (https:\/\/\S+)$/m.exec(await cli.said(/listening on .*$/m)) ?? []
    const ask = async (ca: string) => {
      const [response] = await once(get(`${url}/api/v1/health`, { ca, agent: false }), 'response')
      response.resume()
      return [response.statusCode, response.headers['strict-transport-security']]
    }
    expect(await ask(first.cert)).toEqual([200, 'max-age=60'])
    const second = makeCertificate()
    writeCertificate(home, second)
    cli.child.kill('SIGHUP')
    await until(() =>
      ask(second.cert).then(
        ([status]) => status === 200,
        () => false,
      ),
    )
    await expect(ask(first.cert)).rejects.toThrow(/self-signed/)
  })

  test('a port that is taken is said in one line', async () => {
    const { env, dataDir } = await prepare()
    const first = openCli(['serve', '--port', '0', '--data-dir', dataDir], env)
    const { port } = new URL(listening.exec(await first.said(listening))?.[1] ?? '')
    const second = openCli(['serve', '--data-dir', `${dataDir}-2`], { ...env, PORT: port })
    expect(await second.ended).toBe(1)
    expect(second.stderr()).toBe(`claude-code-api: port ${port} is in use; choose another with --port\n`)
  })

  test('takes its options from a file, the environment and flags, and shows them', async () => {
    const { env, home } = await prepare()
    const directory = join(home, 'settings', 'claude-code-api')
    mkdirSync(directory, { recursive: true })
    mkdirSync(join(home, 'work'))
    const lines = ['port: 0', 'maxSessions: 1', 'dataDir: /nowhere', `allowedRoots: [${join(home, 'work')}]`]
    writeFileSync(join(directory, 'config.yaml'), lines.join('\n'), { mode: 0o600 })
    const given = {
      ...env,
      XDG_CONFIG_HOME: join(home, 'settings'),
      CLAUDE_CODE_API_DATA_DIR: join(home, 'data'),
      CLAUDE_API_KEY: 'a-key-of-the-environment',
      CLAUDE_CODE_API_METRICS_PORT: '0',
      CLAUDE_CODE_API_DOORS: 'openai',
    }
    const flags = ['--log-level', 'warn', '--doors', 'openai,mcp', 'acp']
    const shown = openCli(['config', '--json', ...flags], given)
    expect(await shown.ended).toBe(0)
    const options: { option: string; value: unknown; source: string }[] = JSON.parse(shown.stdout())
    const find = (name: string) => options.find(({ option }) => option === name)
    expect(find('maxSessions')).toMatchObject({
      value: 1,
      source: `maxSessions in ${join(directory, 'config.yaml')}`,
    })
    expect(find('dataDir')).toMatchObject({ value: join(home, 'data'), source: 'CLAUDE_CODE_API_DATA_DIR' })
    expect(find('logLevel')).toMatchObject({ value: 'warn', source: '--log-level' })
    expect(find('doors')).toMatchObject({ value: ['openai', 'mcp', 'acp'], source: '--doors' })
    expect(find('auth.apiKeys')).toMatchObject({ value: ['***'], source: 'CLAUDE_API_KEY' })
    expect(shown.stdout()).not.toContain('a-key-of-the-environment')
    const cli = openCli(['serve'], given)
    const client = createClient(
      `${listening.exec(await cli.said(listening))?.[1]}/api/v1`,
      'a-key-of-the-environment',
    )
    const headers = { authorization: 'Bearer a-key-of-the-environment' }
    expect((await client.send('GET', '/doors/openai/v1/models', undefined, { headers })).status).toBe(200)
    expect((await client.send('GET', '/doors/ag-ui/capabilities')).status).toBe(404)
    const id = await client.createSession()
    const metricsUrl = /metrics at (http:\S+)/.exec(await cli.said(/metrics at \S+/))?.[1] ?? ''
    const metrics = await fetch(metricsUrl)
    expect([metrics.status, await metrics.text()]).toEqual([200, expect.stringContaining('createSession')])
    expect((await fetch(new URL('/api/v1/sessions', metricsUrl))).status).toBe(404)
    expect(await client.call('POST', '/sessions', {})).toMatchObject({
      status: 429,
      body: { error: { code: 'MAX_SESSIONS_REACHED' } },
    })
    const { turnId } = (await client.ask(id, 'What is 6 times 7?')).body
    // The log: JSON where nobody looks, text where that was asked for.
    const turns = () =>
      cli
        .stderr()
        .split('\n')
        .flatMap(line => (line.includes('turn ended') ? JSON.parse(line) : []))
    await until(() => turns().length > 0)
    expect(turns()).toMatchObject([
      { level: 30, sessionId: id, turnId, outcome: 'completed', durationMs: expect.any(Number) },
    ])
    cli.child.kill('SIGTERM')
    await cli.ended
    const readable = openCli(['serve'], { ...given, CLAUDE_CODE_API_LOG_FORMAT: 'text' })
    const again = listening.exec(await readable.said(listening))?.[1]
    await createClient(`${again}/api/v1`, 'a-key-of-the-environment').call('GET', `/sessions/${id}`)
    await until(() => readable.stderr().includes('request'))
    expect(readable.stderr()).toMatch(/^\[\d\d:\d\d:\d\d\] INFO: request .*"operation":"getSession"/m)
  })

  test('says at the first signal what it waits for', async () => {
    const { model, env, dataDir } = await prepare()
    const args = ['serve', '--port', '0', '--data-dir', dataDir]
    const cli = openCli(args, { ...env, CLAUDE_API_KEY: 'a-key-of-the-environment' })
    const base = `${listening.exec(await cli.said(listening))?.[1]}/api/v1`
    const client = createClient(base, 'a-key-of-the-environment')
    model.script('wait for ever', [{ ...text('never'), holdUntil: new Promise(() => {}) }])
    const id = await client.createSession()
    await client.ask(id, 'wait for ever', { background: true })
    await until(async () => (await client.call('GET', `/sessions/${id}`)).body.state === 'running')
    cli.child.kill('SIGINT')
    await until(() => cli.stderr().includes('Ctrl-C'))
    expect(cli.stderr()).toContain(
      'claude-code-api: stopping; one running turn may take 10 s more. Ctrl-C again ends it at once.\n',
    )
    cli.child.kill('SIGINT')
    expect(await cli.ended).toBe(130)
  })

  test('a second server on the same data refuses and says who holds it', async () => {
    const { env, dataDir } = await prepare()
    const args = ['serve', '--port', '0', '--data-dir', dataDir]
    const first = openCli(args, env)
    await first.said(listening)
    const second = openCli(args, env)
    expect(await second.ended).toBe(1)
    expect(second.stderr()).toContain(String(first.child.pid))
    expect(second.stderr().trim().split('\n')).toHaveLength(1)
    first.child.kill('SIGTERM')
    expect(await first.ended).toBe(0)
    await openCli(args, env).said(listening)
  })

  test('refuses to be its own model', async () => {
    const { env, dataDir } = await prepare()
    const probe = openCli(['serve', '--port', '0', '--data-dir', dataDir], env)
    const url = new URL(listening.exec(await probe.said(listening))?.[1] ?? '')
    probe.child.kill('SIGTERM')
    await probe.ended
    const cli = openCli(['serve', '--port', url.port, '--data-dir', dataDir], {
      ...env,
      ANTHROPIC_BASE_URL: `http://localhost:${url.port}`,
    })
    expect(await cli.ended).toBe(1)
    expect(cli.stderr()).toContain('ANTHROPIC_BASE_URL')
  })

  test('without a login says so in one line, and serves all the same', async () => {
    const { env, dataDir } = await prepare()
    const { ANTHROPIC_API_KEY: _, ...withoutKey } = env
    const cli = openCli(['serve', '--port', '0', '--data-dir', dataDir], withoutKey)
    const said = await cli.said(/shown only once\): \S+\n/)
    await until(() => /^claude-code-api: .*not logged in.*--demo/m.test(cli.stderr()))
    const client = createClient(`${listening.exec(said)?.[1]}/api/v1`, /once\): (\S+)/.exec(said)?.[1])
    expect((await client.call('GET', '/health')).body.status).toBe('degraded')
    const id = await client.createSession()
    expect(await client.ask(id, 'hi')).toMatchObject({
      status: 503,
      body: { error: { code: 'AGENT_UNAVAILABLE' } },
    })
  })
})
