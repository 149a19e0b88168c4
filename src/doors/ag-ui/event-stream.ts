import { toByteStream } from '../../lib/byte-stream.ts'
import type { AgUiEvent, Message } from './protocol.ts'

/** The approximate length of the pieces of a long event, in characters. */
const pieceLength = 64 * 1024

/** Returns a response that streams events as they come. */
export function toEventStream(events: AsyncGenerator<AgUiEvent, void>): Response {
  return new Response(toByteStream(toTexts(events)), { headers: { 'Content-Type': 'text/event-stream' } })
}

async function* toTexts(events: AsyncGenerator<AgUiEvent, void>): AsyncGenerator<string, void> {
  for await (const event of events) {
    if (event.type === 'MESSAGES_SNAPSHOT') yield* toPieces(event.messages)
    else yield `data: ${JSON.stringify(event)}\n\n`
  }
}

/** Splits a snapshot, which can be long. */
function* toPieces(messages: readonly Message[]): Generator<string, void> {
  let piece = 'data: {"type":"MESSAGES_SNAPSHOT","messages":['
  for (const [index, message] of messages.entries()) {
    piece += `${index === 0 ? '' : ','}${JSON.stringify(message)}`
    if (piece.length < pieceLength) continue
    yield piece
    piece = ''
  }
  yield `${piece}]}\n\n`
}
