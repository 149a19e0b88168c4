import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { EventSource } from 'eventsource'
import { expect, onTestFinished, test } from 'vitest'
import { collectEvents } from '../fixtures/collect-events.ts'
import { key } from '../http/open-door.ts'
import { openAwkwardEvents } from '../support/awkward-events.ts'
import { apiKey, openServer } from '../support/open-server.ts'
import { until } from '../support/open-sessions.ts'

/*
 * Line breaks, separators, emoji and 5 MB in one message, past and live, over a connection that is cut: two
 * clients that other people wrote have to see exactly what is stored. `browser.test.ts` does the
 * same with a browser.
 */

async function openAwkward(auth?: { enabled: boolean }) {
  const server = await openAwkwardEvents(auth)
  onTestFinished(server.close)
  return server
}

test('the npm package eventsource, with a key', async () => {
  const server = await openAwkward({ enabled: true })
  const source = new EventSource(server.url, {
    fetch: (url, init) => fetch(url, { ...init, headers: { ...init.headers, 'x-api-key': key } }),
  })
  const collecting = collectEvents(source)
  await server.play()
  expect(await collecting).toEqual(await server.expected())
  expect(server.resumedAfter).toHaveLength(2)
})

test("the standard's EventSource, as browsers have it, in a process of its own", async () => {
  const server = await openAwkward()
  const client = join(import.meta.dirname, '../fixtures/node-event-source.ts')
  const flags = ['--experimental-eventsource']
  const running = promisify(execFile)(process.execPath, [...flags, client, server.url], { env: {} })
  const [{ stdout }] = await Promise.all([running, server.play()])
  expect(JSON.parse(stdout)).toEqual(await server.expected())
  expect(server.resumedAfter).toHaveLength(2)
})

test.each(['the turn', 'the session'])('an EventSource stops for good when %s is over', async what => {
  const { base, call, ask, createSession } = await openServer()
  const id = await createSession()
  const { turnId } = (await ask(id, 'What is 6 times 7?')).body
  if (what === 'the session') await call('DELETE', `/sessions/${id}`)
  const statuses: number[] = []
  const source = new EventSource(
    `${base}/sessions/${id}/events${what === 'the turn' ? `?turnId=${turnId}` : ''}`,
    {
      fetch: async (url, init) => {
        const response = await fetch(url, { ...init, headers: { ...init.headers, 'x-api-key': apiKey } })
        statuses.push(response.status)
        return response
      },
    },
  )
  onTestFinished(() => source.close())
  const seen: string[] = []
  for (const type of ['turn.completed', 'session.ended']) source.addEventListener(type, () => seen.push(type))
  await until(() => source.readyState === EventSource.CLOSED)
  expect(seen).toEqual(what === 'the turn' ? ['turn.completed'] : ['turn.completed', 'session.ended'])
  expect(statuses.at(-1)).toBe(204)
  expect(statuses.slice(0, -1)).toEqual([200])
})
