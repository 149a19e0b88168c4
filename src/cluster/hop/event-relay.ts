import type { IncomingMessage } from 'node:http'
import { RelayedEvents } from './relayed-events.ts'

/** How often in a row a stream may break off without a frame. */
const mostEmptyRounds = 5

/**
 * The frames of a stream of events, across changes of the session's node: what breaks off is resumed again behind the
 * last event, deltas of unfinished blocks are voided, and activities that ended with the node are ended.
 *
 * @param again asks for the stream behind this sequence
 * @param farewell what a client is told last when this node ends the stream; undefined: it does not
 */
export async function* relayEvents(
  first: IncomingMessage,
  again: (after: number | undefined) => Promise<IncomingMessage>,
  farewell: () => Buffer | undefined,
): AsyncGenerator<Buffer, void> {
  const relayed = new RelayedEvents()
  let response = first
  try {
    for (let empty = 0; ; ) {
      const before = relayed.count
      yield* passOn(response, relayed)
      if (response.complete && !relayed.isClosing) return
      empty = relayed.count === before ? empty + 1 : 0
      const next = empty < mostEmptyRounds ? await again(relayed.lastId).catch(() => undefined) : undefined
      if (!next || !isStream(next)) {
        next?.destroy()
        const last = farewell() ?? relayed.farewell
        // A client that is told nothing has to see that the stream is broken.
        if (last.length === 0) throw new Error('the stream of another node broke off')
        yield last
        return
      }
      response = next
      const told = relayed.begin()
      if (told.length > 0) yield told
    }
  } finally {
    response.destroy()
  }
}

/** Ends with the response, whether it breaks off or not. */
async function* passOn(response: IncomingMessage, relayed: RelayedEvents): AsyncGenerator<Buffer, void> {
  const chunks = response[Symbol.asyncIterator]()
  for (;;) {
    const next = await chunks.next().catch(() => undefined)
    if (!next || next.done) return
    const passed = relayed.take(next.value as Buffer)
    if (passed.length > 0) yield passed
  }
}

function isStream(response: IncomingMessage): boolean {
  return response.headers['content-type']?.startsWith('text/event-stream') ?? false
}
