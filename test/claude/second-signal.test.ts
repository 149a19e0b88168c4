import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { text, toolUse } from '../../src/demo/answer.ts'
import { createClient } from '../support/client.ts'
import { openCli } from '../support/open-cli.ts'
import { temporaryDirectory, until } from '../support/open-sessions.ts'
import { claudeEnvironment, openModel } from '../support/real-claude.ts'
import { processesWith } from './awkward.ts'

test('a second signal while the server closes ends it at once, and its processes with all they started', async () => {
  const model = await openModel()
  const home = temporaryDirectory()
  // On the allow-list by its prefix, so that Claude Code and its tools get it too.
  const family = randomUUID()
  const args = ['serve', '--port', '0', '--no-auth', '--data-dir', join(home, 'data'), '--root', home]
  const cli = openCli(args, { ...claudeEnvironment(model, home), CLAUDE_CODE_TEST_FAMILY: family })
  const url = /listening on (http:\S+)/.exec(await cli.said(/listening on \S+\n/))?.[1] ?? ''
  const { createSession, ask, call } = createClient(`${url}/api/v1`, undefined)
  model.script('leave something', [
    toolUse('Bash', {
      command: '(sh -c \'trap "" TERM; tail -f /dev/null; true\' >/dev/null 2>&1 &); echo started',
    }),
    text('done'),
  ])
  const id = await createSession({ allowedTools: ['Bash'] })
  expect((await ask(id, 'leave something')).status).toBe(200)
  const living = () => processesWith(`CLAUDE_CODE_TEST_FAMILY=${family}`)
  // The server, Claude Code, the shell and its program.
  await until(() => living().length >= 4)
  ask(id, 'Count slowly to 1000').catch(() => {})
  await until(async () => (await call('GET', `/sessions/${id}`)).body.state === 'running')
  cli.child.kill('SIGTERM')
  // A load balancer, which connects anew each time, sees that turns drain.
  await until(async () => {
    const response = await fetch(`${url}/api/v1/ready`, { headers: { connection: 'close' } })
    return response.status === 503 && ((await response.json()) as { status: string }).status === 'draining'
  })
  cli.child.kill('SIGTERM')
  expect(await cli.ended).toBe(143)
  await until(() => living().length === 0)
})
