import { setTimeout as pause } from 'node:timers/promises'
import { type Answer, parseFrames } from './client.ts'
import type { ClusterNode } from './cluster.ts'

/** Picks the node that the next request goes to; undefined: none is there. */
export type PickNode = () => ClusterNode | undefined

export interface Attempts {
  pick: PickNode
  /** How long one attempt waits for its response, in milliseconds. */
  attemptMs: number
  /** Counts the requests that were sent again. */
  onRetry(): void
}

/** How long a request is sent again and again, in milliseconds. */
const boundMs = 150_000
const pauseMs = 250

/**
 * Sends a request until it is answered, each time to another node, with the same key: as docs/guides/retries.md says.
 * Returns answers that another attempt would not change.
 */
export async function insist(
  { pick, attemptMs, onRetry }: Attempts,
  method: string,
  path: string,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const end = performance.now() + boundMs
  let last: unknown
  for (let attempt = 0; performance.now() < end; attempt++) {
    if (attempt > 0) {
      onRetry()
      await pause(pauseMs)
    }
    const node = pick()
    if (!node) continue
    const signal = AbortSignal.timeout(attemptMs)
    const answer = await node.call(method, path, body, { headers, signal }).catch(error => {
      last = error
    })
    if (answer && answer.body?.error?.retry !== 'same_key') return answer
    last = answer?.body ?? last
  }
  throw new Error(`${method} ${path} was not answered: ${JSON.stringify(last)} ${last}`)
}

/** An event that is not the next one. */
export interface ReaderFault {
  got: number
  expected: number
  /** The node, and how many frames came over the connection before. */
  from: string
}

/** A reader of one session, and what it got in the order in which it came. */
export interface ClusterReader {
  readonly sessionId: string
  readonly frames: { sequence: number; event: string; turnId: string | undefined }[]
  /** How many connections it has had. */
  connections: number
  readonly faults: ReaderFault[]
}

/** Follows a session until it is told to stop: over any node, and over another one after each break. */
export function readSession(
  pick: PickNode,
  sessionId: string,
  /** How long the reader stays with a node, in milliseconds. */
  stay: () => number,
  until: AbortSignal,
): { reader: ClusterReader; over: Promise<void> } {
  const reader: ClusterReader = { sessionId, frames: [], connections: 0, faults: [] }
  async function connect(node: ClusterNode): Promise<void> {
    const after = reader.frames.at(-1)?.sequence ?? 0
    let count = 0
    const signal = AbortSignal.any([until, AbortSignal.timeout(stay())])
    const query = reader.connections++ % 2 === 0 ? '' : '?includeDeltas=true'
    const response = await node.send('GET', `/sessions/${sessionId}/events${query}`, undefined, {
      ...{ signal },
      headers: after > 0 ? { 'last-event-id': String(after) } : {},
    })
    if (!response.ok) return void (await response.text())
    for await (const { id, event, data } of parseFrames(response)) {
      if (id === undefined) continue
      const next = (reader.frames.at(-1)?.sequence ?? 0) + 1
      if (Number(id) !== next) {
        reader.faults.push({ got: Number(id), expected: next, from: `${node.name} (frame ${count})` })
      }
      count++
      reader.frames.push({ sequence: Number(id), event, turnId: data.turnId as string | undefined })
    }
  }
  async function follow(): Promise<void> {
    while (!until.aborted) {
      const node = pick()
      // A node that is killed, or a reader that leaves.
      if (node) await connect(node).catch(() => undefined)
      await pause(50)
    }
  }
  return { reader, over: follow() }
}
