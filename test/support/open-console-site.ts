import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import express, { type RequestHandler } from 'express'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { endsLater } from './lifetime.ts'
import { openBrowser } from './open-browser.ts'
import { apiKey, openServer } from './open-server.ts'

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** The built console before a real server, which can be restarted, and a browser that is logged in to it. */
export async function openConsoleSite(config: NonNullable<Parameters<typeof openServer>[0]> = {}) {
  let server = await openServer(config)
  let serve: RequestHandler = server.api.console
  const site = express()
    .use('/console', (req, res, next) => serve(req, res, next))
    .listen(0, '127.0.0.1')
  await once(site, 'listening')
  endsLater(() => void site.close().closeAllConnections())
  const origin = `http://127.0.0.1:${(site.address() as AddressInfo).port}`
  const browser = await openBrowser()
  return {
    browser,
    server: () => server,
    /** Opens a page of the console in a browser of its own. */
    visit: (path: string, options: BrowserContextOptions = {}) =>
      visit(browser, `${origin}/console`, path, options),
    /** Ends the server as a restart does, and returns the function that starts another one on its data. */
    async stop() {
      serve = (_req, res) => void res.status(503).set('Retry-After', '0').end()
      await server.close()
      site.closeAllConnections()
      return async () => {
        server = await openServer(config)
        serve = server.api.console
      }
    },
  }
}

async function visit(
  browser: Browser,
  base: string,
  path: string,
  options: BrowserContextOptions,
): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options })
  endsLater(() => context.close())
  const page = await context.newPage()
  page.setDefaultTimeout(60_000)
  await page.goto(`${base}/#key=${apiKey}`)
  await page.getByRole('navigation', { name: 'Main' }).first().waitFor()
  await page.goto(base + path)
  return page
}

/** Each violation of an accessibility rule in both themes, with the element that has it. */
export async function findViolations(page: Page): Promise<string[]> {
  const found: string[] = []
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme })
    // The policy of the page forbids scripts of a test; evaluation by the debugger is not bound by it.
    await page.evaluate(axe)
    const violations = await page.evaluate(
      "axe.run().then(({ violations }) => violations.map(({ id, nodes }) => id + ': ' + nodes[0].html))",
    )
    found.push(...(violations as string[]).map(violation => `${colorScheme} ${violation}`))
  }
  return found
}
