import type { Page } from 'playwright-core'

/** What a page has loaded since it was watched: answers that have ended, with their headers, as they were sent. */
export interface Loads {
  readonly requests: readonly string[]
  readonly bytes: number
}

/** Counts what a page loads. Streams count as requests, but not their bytes: they do not end. */
export async function watchLoads(page: Page): Promise<Loads> {
  const session = await page.context().newCDPSession(page)
  const loads = { requests: [] as string[], bytes: 0 }
  session.on('Network.requestWillBeSent', ({ request }) => loads.requests.push(request.url))
  session.on('Network.loadingFinished', ({ encodedDataLength }) => {
    loads.bytes += encodedDataLength
  })
  await session.send('Network.enable')
  return loads
}
