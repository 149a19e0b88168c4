import { setImmediate } from 'node:timers'
import type { LogPage } from '../ports/index.ts'

/**
 * Pages of logs that were read in this round of the event loop: a thousand readers that connect at once read the same events, and then
 * share the frames that are made of them as well.
 */
export class SharedPages<Page = LogPage> {
  readonly #bySession = new Map<string, Map<string, Promise<Page>>>()

  /** @param key tells apart what the readers of one session ask for */
  read(sessionId: string, key: string, readPage: () => Promise<Page>): Promise<Page> {
    const known = this.#bySession.get(sessionId)?.get(key)
    if (known) return known
    const page = readPage()
    const pages = this.#bySession.get(sessionId) ?? new Map<string, Promise<Page>>()
    this.#bySession.set(sessionId, pages.set(key, page))
    const drop = () => {
      if (pages.get(key) === page) pages.delete(key)
      if (pages.size === 0 && this.#bySession.get(sessionId) === pages) this.#bySession.delete(sessionId)
    }
    page.then(() => setImmediate(drop), drop)
    return page
  }

  /** The session's log has changed: a page that was read before may lack the end. */
  forget(sessionId: string): void {
    this.#bySession.delete(sessionId)
  }
}
