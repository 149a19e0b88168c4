import { execFile } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
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
    })
    const said = await cli.said('Ctrl-C stops it.')
    const lines = said.split('\n').filter(line => line.startsWith('SESSION=') || line.startsWith('curl '))
    expect(lines).toHaveLength(3)
    const { stdout } = await run('/bin/sh', ['-c', lines.join('\n')], { env: { PATH: '/usr/bin:/bin' } })
    expect(stdout).toContain('stand-in')
    expect(stdout).toContain('event: delta')
    expect(stdout).toMatch(/event: complete\n.*"summary":"\[stand-in\].*1\\n2\\n3\\n4\\n5/)
    const { pid } = cli.child
    expect(claudesOf(pid).length).toBeGreaterThan(0)
    const claudes = claudesOf(pid)
    cli.child.kill('SIGINT')
    expect(await cli.ended).toBe(0)
    for (const claude of claudes) expect(existsSync(`/proc/${claude}`)).toBe(false)
    expect(readdirSync(home).filter(name => name.startsWith('claude-code-api-demo'))).toEqual([])
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
    const refused = async (args: string[], more: Record<string, string> = {}) => {
      const cli = openCli(['serve', '--port', '0', '--data-dir', dataDir, ...args], { ...env, ...more })
      expect(await cli.ended).toBe(1)
      expect(cli.stdout()).toBe('')
      return cli.stderr().trim()
    }
    expect(await refused(['--no-auth', '--host', '0.0.0.0'])).toMatch(
      /^claude-code-api: auth\.enabled: .*loopback$/,
    )
    expect(await refused(['--host', '0.0.0.0'], { CLAUDE_API_KEY: 'fifteen-letters' })).toMatch(
      /^claude-code-api: CLAUDE_API_KEY: must have at least 16 characters while the server listens on 0\.0\.0\.0/,
    )
    expect(await refused(['--port', '70000'])).toMatch(/0 to 65535/)
    expect(await refused(['--host', '203.0.113.1'])).toMatch(/^claude-code-api: .*EADDRNOTAVAIL/)
    const file = join(env.HOME ?? '', 'a-file')
    writeFileSync(file, '')
    expect(await refused(['--data-dir', join(file, 'data')])).toMatch(/^claude-code-api: dataDir: .*a-file/)
    expect(await refused([], { CLAUDE_API_KEY: 'with space' })).toMatch(/^claude-code-api: CLAUDE_API_KEY: /)
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
