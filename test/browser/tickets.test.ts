import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Response } from 'express'
import type { Browser } from 'playwright-core'
import { expect, onTestFinished, test } from 'vitest'
import { bundleClient } from '../../scripts/bundle-client.ts'
import { openDoor } from '../http/open-door.ts'
import { openOnce } from '../support/lifetime.ts'
import { browserPath, openBrowser } from '../support/open-browser.ts'
import { caller, openSessions, plain, promptOf, temporaryDirectory, until } from '../support/open-sessions.ts'
import { openSite, visit } from './open-site.ts'

const shared = openOnce(async () => (browserPath === undefined ? undefined : openBrowser()))

/** A session with a turn, and a server on which streams can be cut off. */
async function open(origins: string[]) {
  const { sessions } = await openSessions()
  const streams = new Set<Response>()
  const asked: string[] = []
  const door = await openDoor({
    service: sessions,
    config: { cors: { origins } },
    prepare(app) {
      app.get('/api/v1/sessions/:id/events', (req, res, next) => {
        asked.push(req.url)
        streams.add(res)
        res.once('close', () => streams.delete(res))
        next()
      })
    },
  })
  onTestFinished(() => door[Symbol.asyncDispose]())
  const { session } = await sessions.create(caller, plain)
  const ask = async (prompt: string) => (await sessions.submit(caller, session.id, promptOf(prompt))).ended
  /** The part of the page's own server. */
  const takeTicket = async () => {
    const response = await door.post('/tickets', { sessionId: session.id })
    return ((await response.json()) as { ticket: string }).ticket
  }
  const cut = () => {
    for (const res of streams) res.destroy()
  }
  return { door, id: session.id, ask, takeTicket, cut, asked }
}

/** The sequences of a session's events, as a caller with a key reads them. */
async function sequencesOf({ door, id }: Awaited<ReturnType<typeof open>>): Promise<number[]> {
  const response = await door.call(`/sessions/${id}/messages?limit=200`)
  const { messages } = (await response.json()) as { messages: { sequence: number }[] }
  return messages.map(({ sequence }) => sequence)
}

/** The code that the guide gives to its readers. */
function codeOfGuide(): string {
  const guide = readFileSync(join(import.meta.dirname, '../../docs/guides/browsers.md'), 'utf8')
  const [, code = ''] = /```js\n(function followEvents\(.*?)```/s.exec(guide) ?? []
  return code
}

if (browserPath !== undefined) {
  test('an EventSource of a page follows a session with tickets, over a connection that is cut', async () => {
    const port = await openSite()
    const origin = `http://app.example:${port}`
    const opened = await open([origin])
    const page = await visit(shared() as Browser, origin)
    await page.exposeFunction('takeTicket', opened.takeTicket)
    await opened.ask('one')
    await page.evaluate(`(() => { ${codeOfGuide()}
      window.seen = []
      followEvents('${opened.door.url}/sessions/${opened.id}/events', takeTicket, ['message'], (type, { sequence }) =>
        seen.push(sequence)) })()`)
    const seen = () => page.evaluate('seen') as Promise<number[]>
    await until(async () => (await seen()).length > 0)
    opened.cut()
    await opened.ask('two')
    const expected = await sequencesOf(opened)
    await until(async () => (await seen()).length >= expected.length)
    expect(await seen()).toEqual(expected)
    expect(opened.asked.length).toBeGreaterThan(1)
    expect(JSON.stringify(opened.door.lines)).not.toContain('ticket_')
  })

  test('the client in a page does the same without a key and without preflights', async () => {
    const directory = temporaryDirectory()
    await bundleClient(directory)
    const port = await openSite({ '/client.js': readFileSync(join(directory, 'index.js'), 'utf8') })
    const origin = `http://app.example:${port}`
    const opened = await open([origin])
    const page = await visit(shared() as Browser, origin)
    const methods: string[] = []
    page.on('request', request => methods.push(request.method()))
    await page.exposeFunction('takeTicket', opened.takeTicket)
    await opened.ask('one')
    const following = page.evaluate(`(async () => {
      const { ClaudeCodeClient } = await import('/client.js')
      window.seen = []
      const session = new ClaudeCodeClient({ baseUrl: '${opened.door.url}' }).session('${opened.id}')
      for await (const { type, data } of session.follow({ ticket: takeTicket })) {
        if (type === 'message') seen.push(data.sequence)
      }
      return 'over'
    })()`)
    const seen = () => page.evaluate('window.seen ?? []') as Promise<number[]>
    await until(async () => (await seen()).length > 0)
    opened.cut()
    await opened.ask('two')
    const expected = await sequencesOf(opened)
    await until(async () => (await seen()).length >= expected.length)
    expect((await opened.door.call(`/sessions/${opened.id}`, { method: 'DELETE' })).status).toBe(204)
    expect(await following).toBe('over')
    expect(await seen()).toEqual(expected)
    expect(new Set(methods)).toEqual(new Set(['GET']))
  })
}

test('a page of an origin that is not allowed gets nothing to read with a ticket', async () => {
  const opened = await open(['https://app.example'])
  const url = `${opened.door.url}/sessions/${opened.id}/events?ticket=${await opened.takeTicket()}`
  const leaving = new AbortController()
  const response = await fetch(url, { headers: { origin: 'https://evil.example' }, signal: leaving.signal })
  expect(response.headers.get('access-control-allow-origin')).toBeNull()
  leaving.abort()
})
