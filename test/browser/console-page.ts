import { mkdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { expect } from 'vitest'
import { createClient } from '../support/client.ts'
import { freePort } from '../support/free-port.ts'
import { endsLater } from '../support/lifetime.ts'
import { type Cli, openCli } from '../support/open-cli.ts'
import { temporaryDirectory } from '../support/open-sessions.ts'
import { claudeEnvironment, openModel } from '../support/real-claude.ts'

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** The key of the configuration; it administers the server. */
export const consoleKey = 'a-key-for-the-console-tests'

/** A server in a process of its own with the built console, the real Claude Code and the stand-in model. */
export async function openConsoleServer(
  given: { args?: readonly string[]; env?: Record<string, string> } = {},
) {
  const model = await openModel()
  const home = temporaryDirectory()
  const workspace = join(home, 'workspace')
  mkdirSync(workspace)
  const port = String(await freePort())
  const args = [
    'serve',
    '--port',
    port,
    '--data-dir',
    join(home, 'data'),
    '--root',
    workspace,
    ...(given.args ?? []),
  ]
  const env = { ...claudeEnvironment(model, home), CLAUDE_API_KEY: consoleKey, ...given.env }
  const url = `http://127.0.0.1:${port}`
  let cli: Cli
  const start = async () => {
    cli = openCli(args, env)
    await cli.said('listening on')
  }
  const stop = async () => {
    cli.child.kill('SIGTERM')
    await cli.ended
  }
  await start()
  return {
    ...{ url, home, workspace, model },
    console: `${url}/console`,
    ...createClient(`${url}/api/v1`, consoleKey),
    /** Stops the server, and starts it on the same data and port. */
    async restart() {
      await stop()
      await start()
    },
    stop,
    start,
  }
}

export type ConsoleServer = Awaited<ReturnType<typeof openConsoleServer>>

interface PageOptions {
  width?: number
  theme?: 'light' | 'dark'
  /** Has fingers in place of a mouse. */
  touch?: boolean
  /** The key to log in with; null: no login. */
  key?: string | null
}

/** A page of the console, logged in by its link. What the page complains of fails `expectQuiet`. */
export async function openConsolePage(
  browser: Browser,
  server: Pick<ConsoleServer, 'url' | 'console'>,
  path = '/',
  { width = 1440, theme = 'light', touch = false, key = consoleKey }: PageOptions = {},
): Promise<Page & { expectQuiet(): void }> {
  const context = await browser.newContext({
    viewport: { width, height: width < 500 ? 812 : 900 },
    colorScheme: theme,
    hasTouch: touch,
    isMobile: touch,
  })
  endsLater(() => context.close())
  const page = await context.newPage()
  page.setDefaultTimeout(60_000)
  const complaints: string[] = []
  page.on('pageerror', error => complaints.push(String(error)))
  page.on('console', message => {
    if (/Content Security Policy|Refused to|React/.test(message.text())) complaints.push(message.text())
  })
  page.on('request', request => {
    const { protocol, origin } = new URL(request.url())
    if (/^https?:$/.test(protocol) && origin !== server.url) complaints.push(`asked ${request.url()}`)
  })
  if (key === null) await page.goto(`${server.console}${path}`)
  else {
    await page.goto(`${server.console}/#key=${key}`)
    await page.getByRole('navigation', { name: 'Main' }).first().waitFor()
    await page.goto(`${server.console}${path}`)
  }
  return Object.assign(page, { expectQuiet: () => expect(complaints).toEqual([]) })
}

interface AxeResults {
  violations: { id: string; nodes: { html: string; failureSummary?: string }[] }[]
}

type ColorScheme = 'light' | 'dark'

/** Names of axe's rules and of its sets of rules. In the dark theme only those of colours can have another outcome. */
const rulesOf = {
  light: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
  dark: ['color-contrast', 'link-in-text-block'],
}

/** Looks for faults of accessibility (WCAG 2.2 AA) on the page as it is. */
export async function findAxeFaults(page: Page, colorScheme: ColorScheme = 'light'): Promise<string[]> {
  await page.evaluate(axe)
  const results = (await page.evaluate(
    `axe.run({ runOnly: ${JSON.stringify(rulesOf[colorScheme])} })`,
  )) as AxeResults
  return results.violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary = '' }) => `${id}: ${html.slice(0, 200)} ${failureSummary}`),
  )
}

/** In both themes, because colours differ. Waits for the page to be shown: before, it has no heading. */
export async function expectAccessible(page: Page): Promise<void> {
  await page.locator('h1').first().waitFor({ state: 'attached' })
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme })
    expect(await findAxeFaults(page, colorScheme), colorScheme).toEqual([])
  }
}
