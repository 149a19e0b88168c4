import type { Request } from 'express'
import { invalidField, ServiceError } from '../contract/errors.ts'

/** What is left of a body that the host application's middleware has read before the router. */
export type ReadBody = { bytes: Buffer } | { text: string } | { value: unknown } | 'lost'

/** Undefined when nobody has read the body yet. */
export function findReadBody(req: Request): ReadBody | undefined {
  if (!req.readableDidRead) return req.readableEnded ? { bytes: Buffer.alloc(0) } : undefined
  const { body, rawBody } = req as { body?: unknown; rawBody?: unknown }
  // Kept by some hosts beside what was parsed of it.
  for (const content of [rawBody, body]) {
    if (content instanceof Uint8Array)
      return { bytes: Buffer.from(content.buffer, content.byteOffset, content.byteLength) }
    if (typeof content === 'string') return { text: content }
  }
  return body === undefined ? 'lost' : { value: body }
}

/**
 * The JSON value of a body that was read before.
 *
 * @param check refuses bytes that must not be parsed
 * @throws ServiceError when it is not JSON, or nothing of it is left
 */
export function toReadJson(req: Request, read: ReadBody, check: (bytes: Buffer) => void): unknown {
  if (read === 'lost') throw bodyAlreadyRead()
  if ('value' in read) {
    // A parser of forms was given JSON.
    if (isMisreadJson(read.value)) throw bodyAlreadyRead()
    return read.value
  }
  if ('text' in read && wasChanged(req, read.text)) throw invalidField('', 'the body is not valid UTF-8')
  check('text' in read ? Buffer.from(read.text) : read.bytes)
  const text = 'text' in read ? read.text : read.bytes.toString()
  if (text === '') return undefined
  try {
    return JSON.parse(text.replace(/^\ufeff/, ''))
  } catch {
    throw invalidField('', 'the body is not JSON')
  }
}

/**
 * The bytes of an upload that was read before.
 *
 * @throws ServiceError when they are gone
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
    `Middleware in front of the API has read this body, and its content is gone. ${forCallers}On the server, mount the API before body parsers, or keep the bytes: express.json({ verify: (req, res, bytes) => { req.rawBody = bytes } })`,
  )
}

/** Decoding puts U+FFFD, of three bytes, where a byte is not UTF-8. */
function wasChanged(req: Request, text: string): boolean {
  return text.includes('\ufffd') && !hasLengthOf(req, text)
}

/** Whether encoding the text again gives the bytes that were sent. */
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
