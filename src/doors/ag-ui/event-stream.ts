import { toByteStream } from '../../lib/byte-stream.ts'
import type { AgUiEvent, Message } from './protocol.ts'

/** About how many characters of a long event are written at once. */
const pieceLength = 64 * 1024

/** A response that streams events as they come. */
export function toEventStream(events: AsyncGenerator<AgUiEvent, void>): Response {
  return new Response(toByteStream(toTexts(events)), { headers: { 'Content-Type': 'text/event-stream' } })
}

async function* toTexts(events: AsyncGenerator<AgUiEvent, void>): AsyncGenerator<string, void> {
  for await (const event of events) {
    if (event.type === 'MESSAGES_SNAPSHOT') yield* toPieces(event.messages)
    else yield `data: ${JSON.stringify(event)}\n\n`
  }
}

/** A snapshot can be long; its reader gets it piece by piece. */
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
