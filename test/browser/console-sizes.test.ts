import { expect, test } from 'vitest'
import { endsLater, openOnce } from '../support/lifetime.ts'
import { openBrowser } from '../support/open-browser.ts'
import { watchLoads } from '../support/watch-loads.ts'
import { consoleKey, openConsolePage, openConsoleServer } from './console-page.ts'

const shared = openOnce(async () => {
  const server = await openConsoleServer()
  const browser = await openBrowser()
  const page = await openConsolePage(browser, server, '/sessions')
  const loggedIn = await page.context().storageState()
  await page.context().close()
  return { server, browser, loggedIn }
})

/** A load by a browser that has nothing in its cache; over when the page is drawn, with its fonts. */
async function load(path: string, heading: string, isLoggedIn: boolean) {
  const { server, browser, loggedIn } = shared()
  const context = await browser.newContext(isLoggedIn ? { storageState: loggedIn } : {})
  endsLater(() => context.close())
  const page = await context.newPage()
  const loads = await watchLoads(page)
  await page.goto(server.console + path, { waitUntil: 'load' })
  await page.getByRole('heading', { name: heading, level: 1 }).waitFor()
  await page.evaluate('document.fonts.ready')
  return loads
}

test.each([
  { path: '/', heading: 'Claude Code console', isLoggedIn: false, requests: 40 },
  { path: '/sessions', heading: 'Sessions', isLoggedIn: true, requests: 50 },
])('a first load of $path is less than 400 KB in few requests, all to the server', async wanted => {
  const { bytes, requests } = await load(wanted.path, wanted.heading, wanted.isLoggedIn)
  // The script and the typeface are there: the bytes were counted.
  expect(bytes).toBeGreaterThan(100_000)
  expect(bytes).toBeLessThan(400_000)
  expect(requests.length).toBeLessThanOrEqual(wanted.requests)
  expect(requests.filter(url => !url.startsWith(`${shared().server.console}/`))).toEqual([])
  expect(requests.filter(url => url.includes(consoleKey))).toEqual([])
})
