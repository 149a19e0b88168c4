import { expect, test } from 'vitest'
import { text } from '../../src/demo/answer.ts'
import { endsLater, openOnce } from '../support/lifetime.ts'
import { openBrowser } from '../support/open-browser.ts'
import { type Loads, watchLoads } from '../support/watch-loads.ts'
import { consoleKey, openConsolePage, openConsoleServer } from './console-page.ts'

const shared = openOnce(async () => {
  const server = await openConsoleServer()
  const browser = await openBrowser()
  const page = await openConsolePage(browser, server, '/sessions')
  const loggedIn = await page.context().storageState()
  await page.context().close()
  server.model.script('a heading', () => text('# An answer\n\n```ts\nconst a = 1\n```'))
  const conversation = await server.createSession()
  await server.ask(conversation, 'a heading')
  return { server, browser, loggedIn, conversation }
})

/** A load by a browser that has nothing in its cache; over when the page is drawn, with its fonts. */
async function load(path: string, heading: { name: string; level: number }, isLoggedIn = true) {
  const { server, browser, loggedIn } = shared()
  const context = await browser.newContext(isLoggedIn ? { storageState: loggedIn } : {})
  endsLater(() => context.close())
  const page = await context.newPage()
  const loads = await watchLoads(page)
  await page.goto(server.console + path, { waitUntil: 'load' })
  await page.getByRole('heading', heading).waitFor()
  await page.evaluate('document.fonts.ready')
  return loads
}

function expectSmall({ bytes, requests }: Loads, most: number): void {
  // The script and the typeface are there: the bytes were counted.
  expect(bytes).toBeGreaterThan(100_000)
  expect(bytes).toBeLessThan(400_000)
  expect(requests.length).toBeLessThanOrEqual(most)
  expect(requests.filter(url => !url.startsWith(`${shared().server.console}/`))).toEqual([])
  expect(requests.filter(url => url.includes(consoleKey))).toEqual([])
}

test.each([
  { path: '/', heading: 'Claude Code console', isLoggedIn: false, requests: 40 },
  { path: '/sessions', heading: 'Sessions', isLoggedIn: true, requests: 50 },
])('a first load of $path is less than 400 KB in few requests, all to the server', async wanted => {
  expectSmall(await load(wanted.path, { name: wanted.heading, level: 1 }, wanted.isLoggedIn), wanted.requests)
})

test('so is the first load of a conversation with Markdown and code', async () => {
  const loads = await load(`/sessions/${shared().conversation}`, { name: 'An answer', level: 3 })
  expectSmall(loads, 60)
})
