import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { EventSource } from 'eventsource'
import { expect, onTestFinished, test } from 'vitest'
import { collectEvents } from '../fixtures/collect-events.ts'
import { key } from '../http/open-door.ts'
import { openAwkwardEvents } from '../support/awkward-events.ts'

/*
 * Line breaks, separators, emoji and 5 MB in one message, past and live, over a connection that is cut: two
 * clients that other people wrote have to see exactly what is stored. `scripts/check-browser-eventsource.ts` does
 * the same with a browser where there is one.
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
