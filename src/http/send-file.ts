import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Response } from 'express'
import type { FileAnswer } from './handler.ts'

/** How long a client may read nothing before it is disconnected, because the file stays open for it. */
const stallTimeoutMs = 30_000
/** The error code of a stream whose client has disconnected. */
const clientHasLeft = ['ERR_STREAM_PREMATURE_CLOSE', 'ERR_STREAM_DESTROYED', 'ERR_STREAM_UNABLE_TO_PIPE']

/** Sends a file as the response. If the content breaks off, closes the connection, because its length was announced. */
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
    // A client disconnect is expected. Any other error is ours, and it is too late to report it to the client.
    if (!res.destroyed || !clientHasLeft.includes((error as NodeJS.ErrnoException).code ?? '')) {
      throw new Error('sending a file failed', { cause: error })
    }
  }
}
