import type { Request } from 'express'
import { invalidField, ServiceError } from '../contract/errors.ts'

/** A body that the host application's middleware has read before the router. */
export type ReadBody = { bytes: Buffer } | { text: string } | { value: unknown } | 'lost'

/** Returns undefined if the body has not been read yet. */
export function findReadBody(req: Request): ReadBody | undefined {
  if (!req.readableDidRead) return req.readableEnded ? { bytes: Buffer.alloc(0) } : undefined
  const { body, rawBody } = req as { body?: unknown; rawBody?: unknown }
  // Some hosts keep the bytes beside the parsed body.
  for (const content of [rawBody, body]) {
    if (content instanceof Uint8Array)
      return { bytes: Buffer.from(content.buffer, content.byteOffset, content.byteLength) }
    if (typeof content === 'string') return { text: content }
  }
  return body === undefined ? 'lost' : { value: body }
}

/**
 * Returns the JSON value of a body that was already read.
 *
 * @param check refuses bytes that must not be parsed
 * @throws ServiceError if the body is not JSON, or was not kept
 */
export function toReadJson(req: Request, read: ReadBody, check: (bytes: Buffer) => void): unknown {
  if (read === 'lost') throw bodyAlreadyRead()
  if ('value' in read) {
    // A form parser got JSON.
    if (isMisreadJson(read.value)) throw bodyAlreadyRead()
    return read.value
  }
  if ('text' in read && wasChanged(req, read.text)) throw invalidField('', 'the body must be valid UTF-8')
  check('text' in read ? Buffer.from(read.text) : read.bytes)
  const text = 'text' in read ? read.text : read.bytes.toString()
  if (text === '') return undefined
  try {
    return JSON.parse(text.replace(/^\ufeff/, ''))
  } catch {
    throw invalidField('', 'the body must be JSON')
  }
}

/**
 * Returns the bytes of an upload that was already read.
 *
 * @throws ServiceError if they were not kept
 */
export function toReadUpload(req: Request, read: ReadBody): Buffer {
  if (read !== 'lost') {
    if ('bytes' in read) return read.bytes
    if ('text' in read && isExact(req, read.text)) return Buffer.from(read.text)
  }
  throw bodyAlreadyRead('Send it as application/octet-stream. ')
}

export function bodyAlreadyRead(forCallers = ''): ServiceError<'BODY_ALREADY_READ'> {
  return new ServiceError(
    'BODY_ALREADY_READ',
    `Middleware in front of the API has read this body and did not keep it. ${forCallers}On the server, mount the API before body parsers, or keep the bytes: express.json({ verify: (req, res, bytes) => { req.rawBody = bytes } })`,
  )
}

/** Detects replaced bytes: decoding turns an invalid byte into U+FFFD, which has three bytes. */
function wasChanged(req: Request, text: string): boolean {
  return text.includes('\ufffd') && !hasLengthOf(req, text)
}

/** Whether encoding the text again yields the bytes that were sent. */
function isExact(req: Request, text: string): boolean {
  const [, charset = 'utf-8'] =
    /;\s*charset\s*=\s*"?([^\s";]+)/i.exec(req.headers['content-type'] ?? '') ?? []
  return /^utf-?8$/i.test(charset) && hasLengthOf(req, text) && !text.includes('\ufffd')
}

function hasLengthOf(req: Request, text: string): boolean {
  return Number(req.headers['content-length']) === Buffer.byteLength(text)
}

function isMisreadJson(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).some(key => /^\s*[{[]/.test(key))
}
