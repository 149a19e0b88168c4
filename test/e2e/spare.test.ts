import { expect, test } from 'vitest'
import { openServer } from '../support/open-server.ts'
import { until } from '../support/open-sessions.ts'
import { claudesOf } from '../support/processes.ts'

test('the first session gets the process that is ready, and keeps it', async () => {
  const { createSession, ask, call, close } = await openServer({ keepSpareProcess: true })
  await until(async () => (await call('GET', '/health')).body.checks.claude.status === 'ok')
  await until(() => claudesOf().length === 1 && claudesOf(process.pid, '--session-id').length === 1)
  const [spare] = claudesOf()
  const id = await createSession()
  expect(claudesOf(process.pid, id)).toEqual([spare])
  expect((await ask(id, 'Remember that my cat is called Minka')).status).toBe(200)
  expect((await ask(id, 'What is my cat called?')).body.response).toContain('Minka')
  expect(claudesOf(process.pid, id)).toEqual([spare])
  expect((await call('GET', `/sessions/${id}`)).body).toMatchObject({
    claudeSessionId: id,
    transcript: 'complete',
  })
  await close()
  expect(claudesOf()).toEqual([])
})
