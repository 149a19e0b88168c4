import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { text, toolUse } from '../../src/demo/answer.ts'
import { openServer } from '../support/open-server.ts'
import { temporaryDirectory } from '../support/open-sessions.ts'

test('runs', async () => {
  const work = temporaryDirectory()
  mkdirSync(join(work, 'a'))
  const server = await openServer({ isolation: 'process', allowedRoots: [work], defaultCwd: work, allowBypassPermissions: true })
  const id = await server.createSession({ cwd: join(work, 'a'), permissionMode: 'bypassPermissions' })
  server.model.script('look', [
    toolUse('Bash', { command: process.env.PROBE ?? 'id; pwd; ls -la / ~ ~/.claude; env; cat /proc/1/cmdline | tr "\\0" " "; ps aux; cat /proc/self/status | grep Threads' }),
    text('done'),
  ])
  const t = performance.now()
  const answer = await server.ask(id, 'look')
  console.log(performance.now() - t, JSON.stringify(answer.body).slice(0, 1000))
  const messages = await server.call('GET', `/sessions/${id}/messages?limit=50`)
  for (const m of messages.body.messages) if (m.type === 'user') console.log(JSON.stringify(m).replaceAll('\\n', '\n'))
  console.log(server.log.lines.map(l => JSON.stringify(l)).join('\n').slice(0, 3000))
  expect(answer.status).toBe(200)
  const t2 = performance.now()
  await server.ask(id, 'hello')
  console.log(performance.now() - t2)
})
