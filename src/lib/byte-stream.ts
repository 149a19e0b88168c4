/**
 * Returns the bytes of a stream whose texts are read as they are wanted. Its reader may leave: the generator ends then.
 *
 * @param toLast makes the last text of a stream that cannot continue; without it, or without a text, the stream fails
 */
export function toByteStream(
  texts: AsyncGenerator<string, void>,
  toLast?: (error: unknown) => string | undefined,
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder()
  // A text can come after the reader has left, when the stream takes nothing any more.
  let isCancelled = false
  return new ReadableStream({
    async pull(controller) {
      try {
        const { done, value } = await texts.next()
        if (isCancelled) return
        if (done) controller.close()
        else controller.enqueue(encoder.encode(value))
      } catch (error) {
        if (isCancelled) return
        const last = toLast?.(error)
        if (last === undefined) return controller.error(error)
        controller.enqueue(encoder.encode(last))
        controller.close()
      }
    },
    async cancel() {
      isCancelled = true
      await texts.return()
    },
  })
}
