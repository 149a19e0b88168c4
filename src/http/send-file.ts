import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Response } from 'express'
import type { FileAnswer } from './handler.ts'

/** How long a client may take nothing at all before it counts as gone: the file is held open for it. */
const stallTimeoutMs = 30_000
/** What a stream to a client that has left ends with. */
const clientHasLeft = ['ERR_STREAM_PREMATURE_CLOSE', 'ERR_STREAM_DESTROYED', 'ERR_STREAM_UNABLE_TO_PIPE']

/** Ends the response with the content of a file. One that breaks off cuts the connection: its length was promised. */
export async function sendFile(res: Response, file: FileAnswer['file'], headOnly: boolean): Promise<void> {
  const { content } = file
  res.statusCode = file.status
  res.setHeader('X-Content-Type-Options', 'nosniff')
  for (const [name, value] of Object.entries(file.headers)) res.setHeader(name, value)
  if (Buffer.isBuffer(content) || content === null) {
    res.end(headOnly ? undefined : (content ?? undefined))
    return
  }
  if (headOnly) {
    content.destroy()
    res.end()
    return
  }
  await send(content, res)
}

async function send(content: Readable, res: Response): Promise<void> {
  // Without a listener a timeout ends the connection.
  res.setTimeout(stallTimeoutMs)
  content.once('end', () => res.setTimeout(0))
  try {
    await pipeline(content, res)
  } catch (error) {
    content.destroy()
    // The client has left, which is its right; anything else is ours, and it is too late to tell the client.
    if (!res.destroyed || !clientHasLeft.includes((error as NodeJS.ErrnoException).code ?? '')) {
      throw new Error('a content broke off while it was sent', { cause: error })
    }
  }
}
