import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Response } from 'express'
import { type ErrorCode, errorCatalogue, ServiceError } from '../contract/errors.ts'
import type { FileAnswer } from './handler.ts'

/** How long a client may read nothing before it is disconnected, because the file stays open for it. */
const stallTimeoutMs = 30_000
/** The error code of a stream whose client has disconnected. */
const clientHasLeft = ['ERR_STREAM_PREMATURE_CLOSE', 'ERR_STREAM_DESTROYED', 'ERR_STREAM_UNABLE_TO_PIPE']

/**
 * Sends a file as the response. If the content breaks off, closes the connection, because its length was announced.
 *
 * @throws what the content fails with
 */
export async function sendFile(res: Response, file: FileAnswer['file'], headOnly: boolean): Promise<void> {
  const { content } = file
  if (content !== null && !Buffer.isBuffer(content) && !headOnly) await beginning(content, res)
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

/** Waits for the first bytes: what fails before them can still be answered with an error. Ends with either stream. */
async function beginning(content: Readable, res: Response): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  content.once('readable', resolve).once('close', resolve).once('error', reject)
  res.once('close', resolve)
  try {
    await promise
  } finally {
    content.off('readable', resolve).off('close', resolve).off('error', reject)
    res.off('close', resolve)
  }
}

async function send(content: Readable, res: Response): Promise<void> {
  // Without a listener a timeout ends the connection.
  res.setTimeout(stallTimeoutMs)
  content.once('end', () => res.setTimeout(0))
  try {
    await pipeline(content, res)
  } catch (error: unknown) {
    content.destroy()
    // A client disconnect is expected. Any other error is ours, and it is too late to report it to the client.
    if (res.destroyed && clientHasLeft.includes((error as NodeJS.ErrnoException).code ?? '')) return
    // A removal meanwhile is not a fault.
    const isGone = error instanceof ServiceError && errorCatalogue[error.code as ErrorCode].status === 404
    throw isGone ? error : new Error('sending a file failed', { cause: error })
  }
}
