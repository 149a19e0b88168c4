import { readdirSync } from 'node:fs'
import { expect, test } from 'vitest'
import { openServer } from '../support/open-server.ts'
import { until } from '../support/open-sessions.ts'
import { claudesOf } from '../support/processes.ts'

const openDescriptors = () => readdirSync('/proc/self/fd').length

test('fifty sessions created and ended, then close: no process, descriptor or timer is left', async () => {
  const { api, createSession, call, ask, close, model, server } = await openServer({ maxSessions: 10 })
  let before = 0
  for (let wave = 0; wave < 5; wave++) {
    const ids = await Promise.all(Array.from({ length: 10 }, () => createSession()))
    const [first] = ids
    if (first) expect((await ask(first, 'What is 6 times 7?')).status).toBe(200)
    await Promise.all(ids.map(id => call('DELETE', `/sessions/${id}`)))
    await until(() => claudesOf().length === 0)
    // The first wave also opened what the client and the server keep for the next.
    if (wave === 0) before = openDescriptors()
  }
  expect(openDescriptors()).toBeLessThanOrEqual(before + 5)
  // One more lives when everything is closed.
  await createSession()
  await close()
  await model.close()
  expect(claudesOf()).toEqual([])
  expect(server.listening).toBe(false)
  await expect(api.ready).rejects.toThrow(/closed/)
  await until(() => !process.getActiveResourcesInfo().some(name => /TCPServer|Process/.test(name)))
})
