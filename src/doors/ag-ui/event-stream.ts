import type { AgUiEvent } from './protocol.ts'

/** A response that streams events as they come. */
export function toEventStream(events: AsyncGenerator<AgUiEvent>, onLeave: () => void): Response {
  const encoder = new TextEncoder()
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { done, value } = await events.next()
      if (done) controller.close()
      else controller.enqueue(encoder.encode(`data: ${JSON.stringify(value)}\n\n`))
    },
    cancel() {
      onLeave()
      void events.return(undefined).catch(() => {})
    },
  })
  return new Response(body, { headers: { 'Content-Type': 'text/event-stream' } })
}
