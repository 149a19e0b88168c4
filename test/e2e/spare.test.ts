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

test('more sessions keep their process than would fit if each weighed what is assumed', async () => {
  const { createSession, ask, close } = await openServer({ maxProcessMemoryBytes: 750 * 1024 * 1024 })
  const ids = await Promise.all([1, 2, 3, 4].map(() => createSession()))
  const askAll = () => Promise.all(ids.map(id => ask(id, 'What is 6 times 7?')))
  // Two of 300 MiB fit: the others wait until one of them is idle, or until they have been measured.
  for (const { body } of await askAll()) expect(body.response).toContain('42')
  await until(async () => {
    await askAll()
    return ids.every(id => claudesOf(process.pid, id).length === 1)
  })
  const before = claudesOf()
  for (const { status } of await askAll()) expect(status).toBe(200)
  expect(claudesOf()).toEqual(before)
  await close()
  expect(claudesOf()).toEqual([])
})
