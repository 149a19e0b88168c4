import { type DoorExchange, hasLeft } from '../../contract/doors.ts'
import { toByteStream } from '../../lib/byte-stream.ts'
import type { Chunk } from './chunk.ts'
import { findProblem, toErrorText } from './problems.ts'

type Exchange = Pick<DoorExchange, 'request' | 'logFault'>
type OnLeave = () => Promise<unknown>

const headers = {
  'Content-Type': 'text/event-stream',
  'x-vercel-ai-ui-message-stream': 'v1',
}
const lastFrame = toFrame('[DONE]')

/**
 * Sends chunks as server-sent events.
 *
 * @param onLeave is called if the client leaves before the end
 */
export function toStreamResponse(
  exchange: Exchange,
  chunks: AsyncGenerator<Chunk, void>,
  onLeave?: OnLeave,
): Response {
  return new Response(toByteStream(toFrames(exchange, chunks, onLeave)), { headers })
}

async function* toFrames(
  { request: { signal }, logFault }: Exchange,
  chunks: AsyncGenerator<Chunk, void>,
  onLeave: OnLeave | undefined,
): AsyncGenerator<string, void> {
  let isOver = false
  try {
    for await (const chunk of chunks) yield toFrame(JSON.stringify(chunk))
    isOver = true
    yield lastFrame
  } catch (error) {
    if (signal.aborted) throw error
    isOver = true
    const problem = findProblem(error)
    if (!problem) logFault(error)
    const errorText = toErrorText(problem ?? { code: 'INTERNAL', message: 'The stream broke off' })
    yield toFrame(JSON.stringify({ type: 'error', errorText }))
    yield lastFrame
  } finally {
    // The server's shutdown aborts the request too, and lets turns run to their end.
    if (!isOver && hasLeft(signal)) await onLeave?.().catch(logFault)
  }
}

function toFrame(data: string): string {
  return `data: ${data}\n\n`
}
