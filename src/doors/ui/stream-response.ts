import { ApiError } from '../../client/index.ts'
import type { DoorExchange } from '../../contract/doors.ts'
import type { Chunk } from './chunk.ts'
import { toErrorText } from './problems.ts'

const headers = {
  'Content-Type': 'text/event-stream',
  'x-vercel-ai-ui-message-stream': 'v1',
}
const encoder = new TextEncoder()

/**
 * Sends chunks as server-sent events.
 *
 * @param onLeave is called if the client leaves before the end
 */
export function toStreamResponse(
  { request, logFault }: Pick<DoorExchange, 'request' | 'logFault'>,
  open: (signal: AbortSignal) => AsyncGenerator<Chunk, void>,
  onLeave?: () => Promise<unknown>,
): Response {
  const leaving = new AbortController()
  const signal = AbortSignal.any([request.signal, leaving.signal])
  const chunks = open(signal)
  let isOver = false
  const leave = async () => {
    if (isOver) return
    isOver = true
    // The server's shutdown aborts the request too, and lets turns run to their end.
    if ((request.signal.reason as Error | undefined)?.name === 'ClientGoneError') await onLeave?.()
  }
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const { done, value } = await chunks.next()
        if (!done) return controller.enqueue(toFrame(JSON.stringify(value)))
        isOver = true
        controller.enqueue(toFrame('[DONE]'))
        controller.close()
      } catch (error) {
        if (signal.aborted) {
          await leave().catch(logFault)
          return controller.error(error)
        }
        isOver = true
        if (!(error instanceof ApiError)) logFault(error)
        const shown =
          error instanceof ApiError ? error : { code: 'INTERNAL', message: 'The stream broke off' }
        controller.enqueue(toFrame(JSON.stringify({ type: 'error', errorText: toErrorText(shown) })))
        controller.enqueue(toFrame('[DONE]'))
        controller.close()
      }
    },
    async cancel() {
      leaving.abort()
      await leave().catch(logFault)
      await chunks.return()
    },
  })
  return new Response(body, { headers })
}

function toFrame(data: string): Uint8Array {
  return encoder.encode(`data: ${data}\n\n`)
}
