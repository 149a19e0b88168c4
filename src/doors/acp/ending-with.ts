/** The response with a body that ends when the signal aborts, as streams do when the server shuts down. */
export function endingWith(response: Response, signal: AbortSignal, onEnd = () => {}): Response {
  const reader = response.body?.getReader()
  if (!reader) return response
  const body = new ReadableStream<Uint8Array>(
    {
      start(controller) {
        const end = () => {
          reader.cancel().catch(() => {})
          onEnd()
          close(controller)
        }
        if (signal.aborted) end()
        else signal.addEventListener('abort', end, { once: true })
      },
      async pull(controller) {
        // A connection that its client does not read ends with an error.
        const { done, value } = await reader.read().catch(() => ({ done: true, value: undefined }))
        if (!done && value) return controller.enqueue(value)
        onEnd()
        close(controller)
      },
      async cancel() {
        onEnd()
        await reader.cancel()
      },
    },
    { highWaterMark: 0 },
  )
  return new Response(body, response)
}

function close(controller: ReadableStreamDefaultController): void {
  try {
    controller.close()
  } catch {
    // It was closed before.
  }
}
