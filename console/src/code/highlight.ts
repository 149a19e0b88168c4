/** A piece of a line and its colour. */
export type Token = readonly [text: string, color: string]

export interface HighlightRequest {
  id: number
  code: string
  language: string
}

export interface HighlightAnswer {
  id: number
  /** null: it could not be highlighted. */
  lines: Token[][] | null
}

/** How long a text may take, in milliseconds: a grammar may meet code that it takes forever to read. */
const mostMs = 10_000
/** Results that are kept, so that code which is scrolled back to has its colours at once. */
const mostKept = 200

const kept = new Map<string, Token[][] | null>()
const waiting = new Map<
  number,
  { request: HighlightRequest; key: string; done: ((lines: Token[][] | null) => void)[] }
>()
let worker: Worker | undefined
let lastId = 0
let timer: ReturnType<typeof setTimeout> | undefined

const keyOf = (code: string, language: string) => `${language}\n${code}`

/** @returns the lines if they are known; undefined: ask `highlight` */
export function peekHighlighted(code: string, language: string): Token[][] | null | undefined {
  return kept.get(keyOf(code, language))
}

/** Highlights code in a worker, so that the page never waits for it. */
export function highlight(code: string, language: string): Promise<Token[][] | null> {
  const key = keyOf(code, language)
  const known = kept.get(key)
  if (known !== undefined) return Promise.resolve(known)
  return new Promise(done => {
    const same = [...waiting.values()].find(other => other.key === key)
    if (same) return void same.done.push(done)
    const request = { id: ++lastId, code, language }
    waiting.set(request.id, { request, key, done: [done] })
    worker ??= startWorker()
    worker.postMessage(request)
    if (waiting.size === 1) watch()
  })
}

function startWorker(): Worker {
  const started = new Worker(new URL('./highlight-worker.ts', import.meta.url), { type: 'module' })
  started.onmessage = ({ data: { id, lines } }: MessageEvent<HighlightAnswer>) => settle(id, lines)
  // A worker that cannot be loaded leaves everything plain.
  started.onerror = () => {
    for (const id of waiting.keys()) settle(id, null)
  }
  return started
}

function settle(id: number, lines: Token[][] | null): void {
  const entry = waiting.get(id)
  if (!entry) return
  waiting.delete(id)
  const [oldest] = kept.keys()
  if (kept.size >= mostKept && oldest !== undefined) kept.delete(oldest)
  kept.set(entry.key, lines)
  watch()
  for (const done of entry.done) done(lines)
}

/** Gives up on the text that the worker is at when it takes too long, and continues with the next in a new one. */
function watch(): void {
  clearTimeout(timer)
  const [current] = waiting.keys()
  if (current === undefined) return
  timer = setTimeout(() => {
    worker?.terminate()
    worker = startWorker()
    settle(current, null)
    for (const { request } of waiting.values()) worker.postMessage(request)
  }, mostMs)
}
