import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { openOnce } from '../support/lifetime.ts'
import { browserPath, openBrowser } from '../support/open-browser.ts'
import { findAxeFaults, openConsolePage, openConsoleServer } from './console-page.ts'
import { fillWithWork } from './console-sample-work.ts'

/** Where pictures of the screens are put, as `npm run console:screenshots` does; undefined: none are taken. */
const pictures = process.env.CLAUDE_CODE_API_SCREENSHOTS
const widths = [375, 768, 1440]
const themes = ['light', 'dark'] as const

const shared = openOnce(async () => {
  if (browserPath === undefined) return undefined
  const server = await openConsoleServer()
  return { browser: await openBrowser(), server, work: await fillWithWork(server) }
})

type Work = Awaited<ReturnType<typeof fillWithWork>>

interface Screen {
  name: string
  path(work: Work): string
  /** Is there when the screen is complete. */
  until(page: Page): Promise<unknown>
}

const heading = (name: string) => (page: Page) => page.getByRole('heading', { name, exact: true }).waitFor()
const text = (wanted: string) => (page: Page) => page.getByText(wanted).first().waitFor()

const screens: Screen[] = [
  { name: 'inbox', path: () => '/inbox', until: text('Which color do you like best?') },
  { name: 'sessions', path: () => '/sessions', until: text('Fix the flaky upload test') },
  { name: 'search', path: () => '/sessions?q=flaky', until: text('Prompt') },
  { name: 'new-session', path: () => '/sessions/new', until: heading('New session') },
  {
    name: 'conversation',
    path: ({ work }) => `/sessions/${work.sessionId}`,
    until: text('All 200 cases are marked.'),
  },
  {
    name: 'conversation-answer',
    path: ({ work }) => `/sessions/${work.sessionId}/turns/${work.turnId}`,
    until: text('RetryTimer'),
  },
  {
    name: 'conversation-request',
    path: ({ asking }) => `/sessions/${asking.sessionId}`,
    until: text('Allow for session'),
  },
  { name: 'changes', path: ({ work }) => `/sessions/${work.sessionId}/changes`, until: text('upload.ts') },
  { name: 'files', path: ({ work }) => `/sessions/${work.sessionId}/files`, until: text('README.md') },
  { name: 'context', path: ({ work }) => `/sessions/${work.sessionId}/context`, until: text('tokens') },
  { name: 'usage', path: () => '/usage', until: text('Cost by day') },
  { name: 'server', path: () => '/server', until: text('Claude Code processes') },
  { name: 'audit', path: () => '/server/audit', until: text('session.create') },
]

if (browserPath !== undefined) {
  test.each(screens)('$name is whole at each width, in both themes, and has no faults', async screen => {
    const { browser, server, work } = shared() as { browser: Browser } & NonNullable<
      ReturnType<typeof shared>
    >
    const page = await openConsolePage(browser, server, screen.path(work))
    for (const colorScheme of themes) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
      // Chromium leaves some inherited colours as they were when the theme changes under a page.
      await page.reload()
      await screen.until(page)
      for (const width of widths) {
        await page.setViewportSize({ width, height: width < 500 ? 812 : 900 })
        await page.waitForTimeout(pictures === undefined ? 0 : 300)
        const overflow = await page.evaluate('document.documentElement.scrollWidth - innerWidth')
        expect(overflow, `${width} px wide`).toBeLessThanOrEqual(0)
        if (pictures !== undefined) {
          mkdirSync(pictures, { recursive: true })
          await page.screenshot({ path: join(pictures, `${screen.name}-${width}-${colorScheme}.png`) })
        }
        if (width === 768) continue
        expect(await findAxeFaults(page, colorScheme), `${width} px, ${colorScheme}`).toEqual([])
      }
    }
    page.expectQuiet()
    await page.context().close()
  })
}

test('each screen has a name of its own, and so have its pictures', () => {
  expect(new Set(screens.map(({ name }) => name)).size).toBe(screens.length)
})
