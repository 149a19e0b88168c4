import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { text, toolUse } from '../../src/demo/answer.ts'
import { openServer } from '../support/open-server.ts'

const tools = {
  CronCreate: { cron: '* * * * *', prompt: 'again', recurring: true },
  'CronCreate, kept in a file': { cron: '* * * * *', prompt: 'again', durable: true },
  ScheduleWakeup: { delaySeconds: 60, reason: 'to look again', prompt: 'again', noop: false },
}

describe('work that Claude schedules', () => {
  test.each(['default', 'bypassPermissions'] as const)(
    'is refused in words in the mode %s',
    async permissionMode => {
      const server = await openServer({
        allowBypassPermissions: true,
        agentEnv: { IS_SANDBOX: '1', CLAUDE_CODE_DISABLE_CRON: '' },
      })
      server.model.script('schedule', ({ round, toolResults }) => {
        const [name, input] = Object.entries(tools)[round] ?? []
        if (name !== undefined) return toolUse(name.split(',')[0] ?? '', { ...input })
        return text(toolResults.map(({ isError, content }) => `${isError}: ${content}`).join())
      })
      const id = await server.createSession({
        permissionMode,
        allowedTools: ['CronCreate', 'ScheduleWakeup'],
      })
      const { body } = await server.ask(id, 'schedule')
      expect(body.response).toMatch(/true: .*Scheduled work is not available on this server/)
      const history = JSON.stringify((await server.call('GET', `/sessions/${id}/messages`)).body)
      expect(history.match(/CronCreate is disabled for this session/g)?.length).toBeGreaterThanOrEqual(2)
      expect(history).not.toMatch(/Scheduled recurring job|Next wakeup scheduled/)
    },
  )

  test('is not taken from a repository either', async () => {
    const server = await openServer({ record: true })
    const cwd = join(server.cwd, 'project')
    mkdirSync(join(cwd, '.claude'), { recursive: true })
    const job = { id: 'abcd1234', cron: '* * * * *', prompt: 'from the repository', recurring: true }
    const jobs = { tasks: [{ ...job, createdAt: Date.now() - 60_000, durable: true }] }
    writeFileSync(join(cwd, '.claude', 'scheduled_tasks.json'), JSON.stringify(jobs))
    server.model.script('look', ({ round, toolResults }) =>
      round === 0
        ? toolUse('Bash', { command: 'echo "the scheduler is off: $CLAUDE_CODE_DISABLE_CRON"' })
        : text(toolResults[0]?.content ?? ''),
    )
    const id = await server.createSession({ cwd, allowedTools: ['Bash'] })
    expect((await server.ask(id, 'look')).body.response).toContain('the scheduler is off: 1')
    expect(JSON.stringify(server.model.requests)).not.toContain('from the repository')
  })
})
