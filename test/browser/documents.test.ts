import type { Browser, Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { key, openDoor } from '../http/open-door.ts'
import { endsLater, openOnce } from '../support/lifetime.ts'
import { browserPath, openBrowser } from '../support/open-browser.ts'
import { openSessions } from '../support/open-sessions.ts'

const shared = openOnce(async () => {
  const { sessions } = await openSessions()
  const door = await openDoor({ service: sessions, config: { rateLimit: { enabled: false } } })
  endsLater(() => door[Symbol.asyncDispose]())
  return { door, browser: browserPath === undefined ? undefined : await openBrowser() }
})

async function openPage(path: string, width: number, colorScheme: 'light' | 'dark' = 'light') {
  const { door, browser } = shared()
  const context = await (browser as Browser).newContext({
    viewport: { width, height: 900 },
    colorScheme,
    httpCredentials: { username: 'anyone', password: key },
  })
  const page = await context.newPage()
  await page.goto(`${door.url}${path}`)
  return page
}

/** By how many pixels the page is wider than its window. */
const overflowOf = (page: Page) =>
  page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth')

if (browserPath !== undefined) {
  describe('the page at /docs', () => {
    test.each([375, 768, 1440])('fits a window of %i pixels', async width => {
      const page = await openPage('/docs', width)
      expect(await overflowOf(page)).toBe(0)
      // Everything that can be opened is.
      await page.evaluate("for (const part of document.querySelectorAll('details')) part.open = true")
      expect(await overflowOf(page)).toBe(0)
      await page.context().close()
    })

    test('has one table of contents: beside the text, or to be opened on a phone', async () => {
      for (const [width, visible] of [
        [375, 'details.narrow'],
        [1440, 'nav.wide'],
      ] as const) {
        const page = await openPage('/docs', width)
        for (const contents of ['details.narrow', 'nav.wide']) {
          expect(await page.isVisible(contents), `${contents} at ${width}`).toBe(contents === visible)
        }
        if (width === 375) await page.click('details.narrow > summary')
        await page.click(`${visible} a[href="#errors"]`)
        await page.waitForURL(/#errors$/)
        await page.context().close()
      }
    })
  })
}

if (browserPath !== undefined) {
  test('the page at /reference lists operations, sends one, and asks no other origin for anything', async () => {
    const { door } = shared()
    const page = await openPage('/docs', 1280)
    const requested: string[] = []
    const complaints: string[] = []
    page.on('request', request => requested.push(request.url()))
    page.on('pageerror', error => complaints.push(String(error)))
    page.on('console', message => {
      if (/Content Security Policy|Refused to/.test(message.text())) complaints.push(message.text())
    })
    await page.goto(`${door.url}/reference`)
    await page.getByText('List sessions, newest activity first').first().click()
    await page.getByRole('button', { name: 'Test Request (get /sessions)' }).click()
    // The key in the header; the page has the field, and so has the form that has opened.
    await page.locator('input[placeholder^="QUxM"]:visible').last().fill(key)
    const answer = page.waitForResponse(response => new URL(response.url()).pathname === '/api/v1/sessions')
    await page.getByRole('button', { name: /^Send Request/ }).click()
    const response = await answer
    expect([response.request().method(), response.status()]).toEqual(['GET', 200])
    expect(await response.json()).toMatchObject({ total: 0 })
    expect(complaints).toEqual([])
    expect(
      requested.filter(url => !/^(data|blob):/.test(url) && new URL(url).origin !== door.origin),
    ).toEqual([])
    await page.context().close()
  })
}

test('the page at /docs asks a browser for the key', async () => {
  const response = await fetch(`${shared().door.url}/docs`)
  expect([response.status, response.headers.get('www-authenticate')]).toEqual([
    401,
    'Basic realm="claude-code-api", charset="UTF-8"',
  ])
})
