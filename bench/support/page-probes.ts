import type { Page } from 'playwright-core'

/** Runs in the page before its own scripts: keeps when the largest thing so far was painted. */
export const watchPaint = `
  globalThis.largestPaint = 0
  new PerformanceObserver(list => {
    for (const entry of list.getEntries()) globalThis.largestPaint = entry.startTime
  }).observe({ type: 'largest-contentful-paint', buffered: true })`

/** When the largest thing was painted, in milliseconds after the navigation began; not a number: nothing was. */
export async function largestPaintOf(page: Page): Promise<number> {
  // Is told of a paint some time after it.
  await page.waitForFunction('globalThis.largestPaint > 0', null, { timeout: 2_000 }).catch(() => {})
  return (await page.evaluate('globalThis.largestPaint || NaN')) as number
}

export interface Frames {
  /** Of each frame, in milliseconds. */
  durations: number[]
  /** The most elements that the page had. */
  elements: number
}

/** Turns the mouse wheel upwards over the middle of the page for so long, and watches its frames. */
export async function scrollUp(page: Page, forMs: number): Promise<Frames> {
  const { width, height } = page.viewportSize() ?? { width: 1280, height: 900 }
  await page.mouse.move(width / 2, height / 2)
  await page.evaluate(`
    globalThis.frames_ = { durations: [], elements: 0, isOver: false }
    let last
    requestAnimationFrame(function note(now) {
      if (last !== undefined) frames_.durations.push(now - last)
      last = now
      frames_.elements = Math.max(frames_.elements, document.getElementsByTagName('*').length)
      if (!frames_.isOver) requestAnimationFrame(note)
    })`)
  for (const end = performance.now() + forMs; performance.now() < end; ) await page.mouse.wheel(0, -240)
  return (await page.evaluate('(frames_.isOver = true, frames_)')) as Frames
}

/** Notes when each marker of the streamed scene, such as `0.12`, comes to stand in the page. */
export async function watchMarkers(page: Page): Promise<() => Promise<Map<string, number>>> {
  await page.evaluate(`
    globalThis.seen = {}
    new MutationObserver(() => {
      const now = performance.timeOrigin + performance.now()
      const text = document.querySelector('[role=log]')?.textContent ?? ''
      for (const [, marker] of text.matchAll(/(\\d+\\.\\d+) delta/g)) seen[marker] ??= now
    }).observe(document.body, { childList: true, characterData: true, subtree: true })`)
  return async () => new Map(Object.entries((await page.evaluate('seen')) as Record<string, number>))
}
