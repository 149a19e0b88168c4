import { readFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { expect, onTestFinished, test } from 'vitest'
import { openAwkwardEvents } from '../support/awkward-events.ts'
import { browserPath, openBrowser } from '../support/open-browser.ts'
import { apiKey, openServer } from '../support/open-server.ts'
import { openSite, visit } from './open-site.ts'

const collector = join(import.meta.dirname, '../fixtures/collect-events.ts')
interface PageRequest {
  method?: string
  mode?: 'no-cors'
  headers?: Record<string, string>
  body?: string
}

/** What a page can do with `fetch`: the status and body that it can read, or that it was refused. */
function fetchIn(page: Page, url: string, init: PageRequest = {}) {
  return page.evaluate(
    async ([address, options]) => {
      try {
        const response = await fetch(address, options)
        return {
          status: response.status,
          requestId: response.headers.get('x-request-id'),
          text: await response.text(),
        }
      } catch (error) {
        return String(error)
      }
    },
    [url, init] as const,
  )
}

const json = { 'content-type': 'application/json' }

if (browserPath !== undefined) {
  test('a page of an allowed origin uses the API with a key, streams and errors included', async () => {
    const port = await openSite()
    const origin = `http://app.example:${port}`
    const { base } = await openServer({ cors: { origins: [origin] } })
    const page = await visit(await openBrowser(), origin)
    const headers = { ...json, 'x-api-key': apiKey }
    const created = await fetchIn(page, `${base}/sessions`, { method: 'POST', headers })
    expect(created).toMatchObject({ status: 201, requestId: expect.any(String) })
    const { sessionId } = JSON.parse((created as { text: string }).text)
    const streamed = await fetchIn(page, `${base}/sessions/${sessionId}/stream`, {
      method: 'POST',
      headers: { ...headers, 'idempotency-key': 'once' },
      body: JSON.stringify({ prompt: 'hello' }),
    })
    expect(streamed).toMatchObject({ status: 200, text: expect.stringContaining('event: complete') })
    expect(await fetchIn(page, `${base}/nowhere`, { headers })).toMatchObject({ status: 404 })
    expect(await fetchIn(page, `${base}/sessions`)).toMatchObject({ status: 401 })
    expect(await fetchIn(page, `${base}/sessions/${sessionId}`, { method: 'DELETE', headers })).toMatchObject(
      { status: 204 },
    )
  })

  test('the same page is refused where its origin is not allowed', async () => {
    const { base, call } = await openServer()
    const page = await visit(await openBrowser(), `http://app.example:${await openSite()}`)
    const headers = { ...json, 'x-api-key': apiKey }
    expect(await fetchIn(page, `${base}/sessions`, { method: 'POST', headers })).toMatch(/Failed to fetch/)
    expect((await call('GET', '/sessions')).body.total).toBe(0)
  })

  test('without keys, foreign pages change and read nothing', async () => {
    const { base, call } = await openServer({ auth: { enabled: false } })
    const browser = await openBrowser()
    const port = await openSite()
    const { port: apiPort } = new URL(base)
    for (const site of [
      `http://evil.example:${port}`,
      `http://localhost:${port}`,
      `http://127.0.0.1:${port}`,
    ]) {
      const page = await visit(browser, site)
      for (const init of [
        { method: 'POST', mode: 'no-cors' },
        { method: 'POST', mode: 'no-cors', body: '{}', headers: { 'content-type': 'text/plain' } },
        { method: 'POST', headers: json },
        {},
      ] satisfies PageRequest[]) {
        const answer = await fetchIn(page, `${base}/sessions`, init)
        expect(typeof answer === 'string' ? '' : answer.text).toBe('')
      }
      // A form, whose answer is a page of its own.
      const refused = page.waitForResponse(response => response.url() === `${base}/sessions`)
      await page.evaluate(`document.body.innerHTML = '<form method="post" action="${base}/sessions"></form>'`)
      await page.evaluate('document.forms[0].submit()')
      expect([site, (await refused).status()]).toEqual([site, 403])
    }
    // A foreign name with the address of the API: DNS rebinding. The page is then of the API's own origin.
    const rebound = await browser.newPage()
    const response = await rebound.goto(`http://evil.example:${apiPort}/api/v1/models`)
    expect(response?.status()).toBe(421)
    expect(await fetchIn(rebound, '/api/v1/sessions', { method: 'POST', headers: json })).toMatchObject({
      status: 421,
    })
    expect((await call('GET', '/sessions')).body.total).toBe(0)
  })

  test('without keys, the documentation opens from the address bar and the API serves its own page', async () => {
    const { base } = await openServer({ auth: { enabled: false } })
    const page = await visit(await openBrowser(), `${base}/docs`)
    expect(await page.title()).toContain('claude-code-api')
    await page.click('text=openapi.json')
    // A click waits for the first byte of the next page only.
    await page.waitForURL('**/openapi.json')
    expect(JSON.parse(await page.innerText('body')).openapi).toBe('3.1.0')
  })

  test('the EventSource of a browser sees exactly what is stored, over a connection that is cut', async () => {
    const server = await openAwkwardEvents({ enabled: false }, app => {
      app.get('/', (_req, res) => res.type('html').send('<!doctype html><title>a page</title>'))
      app.get('/collect-events.js', (_req, res) =>
        res.type('js').send(stripTypeScriptTypes(readFileSync(collector, 'utf8'))),
      )
    })
    onTestFinished(server.close)
    const page = await visit(await openBrowser(), `${server.door.origin}/`)
    const [seen] = await Promise.all([
      page.evaluate(
        `import('/collect-events.js').then(({ collectEvents }) => collectEvents(new EventSource('${server.url}')))`,
      ),
      server.play(),
    ])
    expect(seen).toEqual(await server.expected())
    expect(server.resumedAfter.length).toBeGreaterThan(1)
  })
}

test('the server answers as a browser expects of CORS, tried by hand', async () => {
  const origin = 'https://app.example'
  const { base } = await openServer({ cors: { origins: [origin] } })
  const preflight = await fetch(`${base}/sessions`, {
    method: 'OPTIONS',
    headers: { origin, 'access-control-request-method': 'POST' },
  })
  expect([preflight.status, preflight.headers.get('access-control-allow-origin')]).toEqual([204, origin])
})
