import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { watchLoads } from '../test/support/watch-loads.ts'
import { createCaller } from './support/caller.ts'
import { openChromium } from './support/open-chromium.ts'
import { apiKey, openScriptedServer } from './support/open-server.ts'
import { largestPaintOf, scrollUp, watchMarkers, watchPaint } from './support/page-probes.ts'
import { median, ms, print, printTable, printTarget, quantile, times } from './support/report.ts'
import type { Bench } from './support/scope.ts'
import { lastHeadingOf, seedConsole } from './support/seed-console.ts'
import type { StreamedScene } from './support/serve-scripted.ts'

interface Load {
  /** Until what the page is for is there. */
  readyMs: number
  paintMs: number
  bytes: number
  requests: number
}

const longFrameMs = 50

/** The console in a browser: first loads, a long session, and text while it is written. */
export const consolePages: Bench = async scope => {
  execFileSync(process.execPath, [join(import.meta.dirname, '../scripts/build-console.ts')])
  const messages = scope.quick ? 400 : 10_000
  const dataDir = join(scope.directory, 'data')
  const { long, short } = await seedConsole(dataDir, scope.directory, {
    messages,
    sessions: scope.quick ? 50 : 1_000,
  })
  const server = await openScriptedServer(scope, { dataDir, maxSessions: 10_000 })
  const console = `${server.url}/console`
  const browser = await openChromium(scope)
  const loggedIn = await logIn(browser, console)
  const rounds = scope.quick ? 1 : 5

  /** Loads by browsers with nothing in their caches. The first one warms up, and is left out. */
  const load = async (path: string, isThere: (page: Page) => Promise<unknown>, state = loggedIn) => {
    const found: Load[] = []
    for (let round = 0; round <= rounds; round++) {
      const context = await browser.newContext({ storageState: state })
      const page = await context.newPage()
      page.setDefaultTimeout(60_000)
      await page.addInitScript(watchPaint)
      const loads = await watchLoads(page)
      const begun = performance.now()
      await page.goto(console + path)
      await isThere(page)
      const readyMs = performance.now() - begun
      await page.evaluate('document.fonts.ready')
      const paintMs = await largestPaintOf(page)
      if (round > 0) found.push({ readyMs, paintMs, bytes: loads.bytes, requests: loads.requests.length })
      await context.close()
    }
    return found
  }
  const nobody = { cookies: [], origins: [] }
  const empty = await load('/icon.svg', async () => {})
  const messagesIn = (page: Page) => page.getByRole('log', { name: 'Messages' })
  const cases = {
    login: await load('/', page => page.getByRole('heading', { level: 1 }).waitFor(), nobody),
    'list of sessions': await load('/sessions', page => page.getByText('A short session').last().waitFor()),
    'short session': await load(`/sessions/${short}`, page =>
      messagesIn(page).getByRole('heading', { name: 'Step 0' }).waitFor(),
    ),
    [`session of ${messages} messages`]: await load(`/sessions/${long}`, page =>
      messagesIn(page)
        .getByRole('heading', { name: lastHeadingOf(messages) })
        .waitFor(),
    ),
  }
  const of = (loads: Load[], part: keyof Load) => median(loads.map(one => one[part]))
  printTable(
    ['first load', 'largest paint', 'ready', 'to an empty page', 'bytes', 'requests'],
    Object.entries({ 'empty page': empty, ...cases }).map(([name, loads]) => [
      name,
      Number.isNaN(of(loads, 'paintMs')) ? 'none' : ms(of(loads, 'paintMs')),
      ms(of(loads, 'readyMs')),
      times(of(loads, 'readyMs') / of(empty, 'readyMs')),
      `${(of(loads, 'bytes') / 1_000).toFixed(0)} KB`,
      of(loads, 'requests'),
    ]),
  )
  for (const [name, loads] of Object.entries(cases)) {
    const paint = of(loads, 'paintMs')
    printTarget(`largest paint of the ${name}`, ms(paint), '< 1,000 ms', paint < 1_000)
    const ready = of(loads, 'readyMs')
    if (name.includes('messages')) {
      printTarget('its last message is there', ms(ready), '< 1,000 ms', ready < 1_000)
    } else {
      const bytes = of(loads, 'bytes')
      printTarget(
        `first load of the ${name}`,
        `${(bytes / 1_000).toFixed(0)} KB`,
        '< 400 KB',
        bytes < 400_000,
      )
    }
  }

  const context = await browser.newContext({ storageState: loggedIn })
  const page = await context.newPage()
  page.setDefaultTimeout(60_000)
  await page.goto(`${console}/sessions/${long}`)
  await messagesIn(page)
    .getByRole('heading', { name: lastHeadingOf(messages) })
    .waitFor()
  const { durations, elements } = await scrollUp(page, scope.quick ? 1_000 : 5_000)
  const tooLong = durations.filter(duration => duration > longFrameMs)
  print(
    `scrolling: ${durations.length} frames, median ${ms(median(durations))}, p99 ${ms(quantile(durations, 0.99))}`,
  )
  printTarget(
    `frames longer than ${longFrameMs} ms while scrolling`,
    `${tooLong.length} (${((100 * tooLong.length) / durations.length).toFixed(1)} %), longest ${ms(Math.max(...durations))}`,
    'none',
    tooLong.length === 0,
  )
  printTarget('elements of the page while scrolling', String(elements), '< 5,000', elements < 5_000)

  const caller = createCaller(server.url)
  scope.onEnd(() => caller.close())
  const delays = await followText(caller, page, console, scope.quick)
  printTarget(
    'from a delta on the wire to the screen',
    `median ${ms(median(delays))}, p90 ${ms(quantile(delays, 0.9))} (n = ${delays.length})`,
    'median < 50 ms',
    median(delays) < 50,
  )
}

async function logIn(browser: Browser, console: string) {
  const context = await browser.newContext()
  const page = await context.newPage()
  page.setDefaultTimeout(60_000)
  await page.goto(`${console}/#key=${apiKey}`)
  await page.getByRole('navigation', { name: 'Main' }).first().waitFor()
  const state = await context.storageState()
  await context.close()
  return state
}

/** How long each delta took from its arrival at a reader beside the page until the page had its text. */
async function followText(
  caller: ReturnType<typeof createCaller>,
  page: Page,
  console: string,
  isQuick: boolean,
): Promise<number[]> {
  const scene: StreamedScene = {
    messages: 1,
    deltasPerMessage: isQuick ? 20 : 100,
    overMs: isQuick ? 1_000 : 5_000,
  }
  const session = await caller.createSession()
  await page.goto(`${console}/sessions/${session}`)
  await page.getByText('Nothing was said yet').waitFor()
  const seen = await watchMarkers(page)
  const arrived = new Map<string, number>()
  const leaving = new AbortController()
  const path = `/sessions/${session}/events?includeDeltas=true`
  const connected = Promise.withResolvers<void>()
  const following = caller.follow(
    'GET',
    path,
    undefined,
    ({ event, data }) => {
      if (event === 'caught_up') connected.resolve()
      const [, marker] = /(\d+\.\d+) delta/.exec(data) ?? []
      if (event === 'delta' && marker) arrived.set(marker, performance.timeOrigin + performance.now())
    },
    leaving.signal,
  )
  await Promise.race([connected.promise, following])
  await caller.call('POST', `/sessions/${session}/messages`, { prompt: JSON.stringify(scene) })
  // The whole message takes the place of its pieces, and of the last ones maybe before they were drawn.
  await page.getByText('of the streamed scene').first().waitFor()
  leaving.abort()
  await following.catch(() => {})
  const shown = await seen()
  if (shown.size === 0) throw new Error('the page has shown no delta')
  return [...arrived].flatMap(([marker, at]) => {
    const shownAt = shown.get(marker)
    return shownAt === undefined ? [] : [shownAt - at]
  })
}
