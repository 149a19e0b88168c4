import { readdirSync } from 'node:fs'
import { expect, test } from 'vitest'
import { runsLong } from '../support/lanes.ts'
import { openServer } from '../support/open-server.ts'
import { until } from '../support/open-sessions.ts'
import { claudesOf } from '../support/processes.ts'

const openDescriptors = () => readdirSync('/proc/self/fd').length

/** A life of the API with so many sessions, ten at once, each with a process of its own. */
async function live(waves: number): Promise<void> {
  const { api, createSession, call, ask, close, model, server } = await openServer({ maxSessions: 10 })
  for (let wave = 0; wave < waves; wave++) {
    const ids = await Promise.all(Array.from({ length: 10 }, () => createSession()))
    const [first] = ids
    if (first) expect((await ask(first, 'What is 6 times 7?')).status).toBe(200)
    await Promise.all(ids.map(id => call('DELETE', `/sessions/${id}`)))
  }
  await until(() => claudesOf().length === 0)
  // One more lives when everything is closed.
  await createSession()
  await close()
  await model.close()
  expect(claudesOf()).toEqual([])
  expect(server.listening).toBe(false)
  await expect(api.ready).rejects.toMatchObject({ code: 'SHUTTING_DOWN' })
}

const waves = runsLong ? 5 : 1

test(`${waves * 10} sessions created and ended, then close: no process, descriptor, socket or directory is left`, async () => {
  await live(1)
  const before = openDescriptors()
  await live(waves)
  await until(() => openDescriptors() <= before)
  await until(() => !process.getActiveResourcesInfo().some(name => /TCPServer|Process/.test(name)))
})
