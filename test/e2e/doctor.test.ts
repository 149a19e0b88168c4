import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { openCli } from '../support/open-cli.ts'
import { temporaryDirectory } from '../support/open-sessions.ts'
import { claudeEnvironment, openModel } from '../support/real-claude.ts'

interface Line {
  check: string
  status: string
  message: string
}

async function examine(args: string[], env: Record<string, string>) {
  const cli = openCli(['doctor', '--json', ...args], env)
  const code = await cli.ended
  const lines: Line[] = cli
    .stdout()
    .trim()
    .split('\n')
    .map(line => JSON.parse(line))
  const find = (check: string) => lines.find(line => line.check === check)
  return { code, lines, find }
}

test('a machine that has all it needs: no failure, and the model answers when it is asked to', async () => {
  const model = await openModel()
  const home = temporaryDirectory()
  const args = ['--data-dir', join(home, 'data'), '--root', home, '--port', '0', '--model']
  const { code, lines, find } = await examine(args, claudeEnvironment(model, home))
  expect(lines.filter(({ status }) => status === 'failure')).toEqual([])
  expect(code).toBe(0)
  expect(find('Claude Code')?.message).toMatch(/^version \d+\.\d+\.\d+, logged in or with a key$/)
  expect(find('model')).toMatchObject({
    status: 'ok',
    message: expect.stringMatching(/^answered in .* s, \$0\.\d+$/),
  })
  expect(find('store')?.message).toBe('a new one is created at the first start')
})

test('each thing that is missing is a failure with what to do, and the exit code says so', async () => {
  const home = temporaryDirectory()
  const data = join(home, 'data')
  mkdirSync(data, { mode: 0o755 })
  writeFileSync(
    join(data, 'claude-code-api.db'),
    'not a database, but long enough to be taken for one'.repeat(40),
  )
  const other = createServer((_req, res) => res.end('{"status":"of another program"}'))
  onTestFinished(() => void other.close())
  await new Promise<void>(resolve => other.listen(0, '127.0.0.1', resolve))
  const { port } = other.address() as AddressInfo
  const args = ['--data-dir', data, '--root', join(home, 'nowhere'), '--port', String(port)]
  const { code, find } = await examine(args, { PATH: '/usr/bin:/bin', HOME: home, CLAUDE_CONFIG_DIR: home })
  expect(code).toBe(1)
  for (const [check, message] of [
    ['Claude Code', /not logged in/],
    ['store', /claude-code-api\.db/],
    ['root', /nowhere does not exist$/],
    ['port', /is in use/],
  ] as const) {
    expect(find(check)).toMatchObject({ status: 'failure', advice: expect.any(String) })
    expect(find(check)?.message).toMatch(message)
  }
  expect(find('data directory')).toMatchObject({ status: 'warning' })
})

test('what makes the start fail is a failure: isolation that is not set for several tenants', async () => {
  const home = temporaryDirectory()
  const [config, root] = [join(home, 'config.json'), join(home, 'root')]
  mkdirSync(root)
  writeFileSync(config, JSON.stringify({ tenants: { red: {} } }))
  const args = ['--data-dir', join(home, 'data'), '--root', root, '--port', '0', '--config', config]
  const { find } = await examine(args, { PATH: process.env.PATH ?? '', HOME: home })
  expect(find('isolation')).toMatchObject({
    status: 'failure',
    message: expect.stringContaining('isolation: must be set while there is more than one tenant'),
  })
})
