import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Browser, Page } from 'playwright-core'
import { onTestFinished } from 'vitest'

/** An empty page on an origin that is not the API's, with files of JavaScript. */
export async function openSite(files: Record<string, string> = {}): Promise<number> {
  const server = createServer((req, res) => {
    const file = files[req.url ?? '']
    if (file !== undefined) return void res.setHeader('Content-Type', 'text/javascript').end(file)
    res.setHeader('Content-Type', 'text/html')
    res.end('<!doctype html><title>a page</title>')
  }).listen(0, '127.0.0.1')
  await new Promise(resolve => server.once('listening', resolve))
  onTestFinished(() => void server.close().closeAllConnections())
  return (server.address() as AddressInfo).port
}

export async function visit(browser: Browser, url: string): Promise<Page> {
  const page = await browser.newPage()
  await page.goto(url)
  return page
}
