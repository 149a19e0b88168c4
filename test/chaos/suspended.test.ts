import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, test } from 'vitest'
import { text, toolUse } from '../../src/demo/answer.ts'
import { createClient } from '../support/client.ts'
import { openServerProgram } from '../support/open-cli.ts'
import { temporaryDirectory } from '../support/open-sessions.ts'
import { answer, pendingPermissions } from '../support/permissions.ts'
import { claudeEnvironment, openModel } from '../support/real-claude.ts'

const key = 'key-of-the-suspended'
const hour = 3_600_000

/** A server whose clock of the wall goes ahead of ours by what a file says. */
async function open() {
  const model = await openModel()
  const home = temporaryDirectory()
  const ahead = join(home, 'ahead')
  writeFileSync(ahead, '0')
  const clock = join(home, 'clock.mjs')
  writeFileSync(
    clock,
    `import { readFileSync } from 'node:fs'
    const real = Date.now
    Date.now = () => real() + Number(readFileSync(${JSON.stringify(ahead)}, 'utf8'))`,
  )
  const cli = openServerProgram(
    { dataDir: join(home, 'data'), defaultCwd: home, drainTimeoutMs: 0 },
    {
      ...claudeEnvironment(model, home),
      CLAUDE_API_KEY: key,
      NODE_OPTIONS: `--import=${pathToFileURL(clock).href}`,
    },
  )
  const said = await cli.said(/listening on \S+/)
  return {
    ...createClient(`${/listening on (\S+)/.exec(said)?.[1]}/api/v1`, key),
    model,
    home,
    /** As a machine that sleeps: nothing of the server runs, and when it does again it is later. */
    suspend(ms: number) {
      cli.child.kill('SIGSTOP')
      writeFileSync(ahead, String(ms))
      cli.child.kill('SIGCONT')
    },
  }
}

test('a machine that slept for two hours does not let a request of one hour be allowed', async () => {
  const server = await open()
  const { model, home, call } = server
  const told: string[] = []
  model.script('touch it', prompt => {
    if (prompt.round === 0) return toolUse('Bash', { command: `touch ${join(home, 'x')}` })
    told.push(prompt.toolResults[0]?.content ?? '')
    return text('Seen to it.')
  })
  const id = await server.createSession({ permissionPrompts: 'ask', permissionTimeoutMs: hour })
  const { body } = await server.ask(id, 'touch it', { background: true })
  const [request] = await pendingPermissions(server, id)
  server.suspend(2 * hour)
  expect(await answer(server, request, { decision: 'allow' })).toMatchObject({
    status: 409,
    body: { error: { code: 'PERMISSION_ALREADY_RESOLVED' } },
  })
  await (await server.send('GET', `/sessions/${id}/events?turnId=${body.turnId}`)).text()
  const turn = (await call('GET', `/sessions/${id}/turns/${body.turnId}`)).body
  // The machine slept: the turn has not run for two hours.
  expect(turn).toMatchObject({ status: 'completed' })
  expect(turn.durationMs).toBeLessThan(hour)
  expect(told).toEqual([expect.stringMatching(/not answered|expired|in time/i)])
  expect(existsSync(join(home, 'x'))).toBe(false)
})
