import { isUtf8 } from 'node:buffer'
import express, { type Request, type RequestHandler, type Response } from 'express'
import { invalidField, ServiceError } from '../contract/errors.ts'
import { getOperation } from '../contract/operations.ts'
import { findJsonFlaw } from '../lib/json-flaws.ts'
import { findJsonExcess, type JsonExcess } from '../lib/json-scan.ts'
import { Pace } from '../lib/pace.ts'
import { bodyAlreadyRead, findReadBody, toReadJson } from './host-read-body.ts'
import { contextOf } from './request-context.ts'

const maxNesting = 64
/** Limits on the text before it is parsed; the limit on nesting that names the place comes after parsing. */
const bounds = { depth: 4 * maxNesting, values: 50_000, numberLength: 1_000 }
const excesses: Record<JsonExcess, string> = {
  depth: `the body must not be nested deeper than ${bounds.depth} levels`,
  values: `the body must have at most ${bounds.values} values and keys`,
  numberLength: `a number must have at most ${bounds.numberLength} characters`,
}
/** Longer bodies take milliseconds to scan, and many at once would delay all other requests. */
const longBytes = 8 * 1024
/** Allows one long body per round of the event loop. */
const longBodies = new Pace(1)
const empty = new WeakSet<object>()
const inUtf8 = 'Send the body as JSON in UTF-8'

/** Reads the body of operations that have one into `req.body`; `undefined` if there is none. */
export function readJsonBody(maxBytes: number): RequestHandler {
  const read = parseJson(maxBytes)
  return (req, res, next) => {
    if (isUpload(res) || !expectsBody(req, res)) return next()
    read(req, res, next)
  }
}

/** Parses the body as JSON. If the host application has already read it, uses what it kept. */
export function parseJson(maxBytes: number): RequestHandler {
  const parse = express.json({
    limit: maxBytes,
    type: () => true,
    // Any JSON value is parsed; flaws are reported field by field afterwards.
    strict: false,
    verify: (req, _res, bytes) => {
      if (bytes.length === 0) empty.add(req)
      checkBytes(bytes)
    },
  })
  return (req, res, next) => {
    const finish = () => {
      const flaw = findJsonFlaw(req.body, maxNesting)
      next(flaw && invalidField(flaw.path, flaw.message))
    }
    const read = findReadBody(req)
    if (read !== undefined) {
      refuseLarge(req, maxBytes)
      req.body = toReadJson(req, read, checkBytes)
      return finish()
    }
    const begin = () =>
      parse(req, res, error => {
        if (error) return next(toBodyError(error, maxBytes))
        if (empty.has(req)) req.body = undefined
        finish()
      })
    const turn = isLong(req) ? longBodies.take() : undefined
    if (turn) void turn.then(begin)
    else begin()
  }
}

function isLong({ headers }: Request): boolean {
  const length = headers['content-length']
  return length === undefined || Number(length) > longBytes
}

/**
 * Checks the text before it is parsed, because parsing ten megabytes of brackets takes seconds.
 *
 * @throws ServiceError INVALID_REQUEST
 */
export function checkBytes(bytes: Buffer): void {
  // Decoding would replace invalid bytes with U+FFFD.
  if (!isUtf8(bytes)) throw invalidField('', 'the body must be valid UTF-8')
  const excess = findJsonExcess(bytes, bounds)
  if (excess) throw invalidField('', excesses[excess])
}

function isUpload(res: Response): boolean {
  const { operationId } = contextOf(res)
  return operationId !== undefined && getOperation(operationId).upload !== null
}

function expectsBody(req: Request, res: Response): boolean {
  const { operationId } = contextOf(res)
  const hasBody = req.headers['transfer-encoding'] !== undefined || Number(req.headers['content-length']) > 0
  // A web page can send a POST with another type, or with none, to any address without a preflight.
  if (operationId && getOperation(operationId).method === 'post') requireJsonType(req)
  if (!operationId || !getOperation(operationId).body) {
    if (operationId && hasBody) throw invalidField('', 'this operation takes no body')
    return false
  }
  if (!hasBody) {
    req.body = undefined
    return false
  }
  requireJsonType(req)
  return true
}

/** @throws ServiceError UNSUPPORTED_MEDIA_TYPE */
export function requireJsonType(req: Request): void {
  const { 'content-type': type = '' } = req.headers
  if (!/^\s*application\/json\s*(;|$)/i.test(type)) {
    const also = req.method === 'POST' ? ', even without a body' : ''
    throw new ServiceError(
      'UNSUPPORTED_MEDIA_TYPE',
      `Send ${req.method} with Content-Type: application/json${also}`,
    )
  }
  for (const [, charset = ''] of type.matchAll(/;\s*charset\s*=\s*"?([^\s";]*)/gi)) {
    if (charset.toLowerCase() !== 'utf-8') throw new ServiceError('UNSUPPORTED_MEDIA_TYPE', inUtf8)
  }
}

/** Applies the size limit to a body that the host application has read. */
export function refuseLarge({ headers }: Request, maxBytes: number): void {
  if (Number(headers['content-length']) > maxBytes) throw tooLarge(maxBytes)
}

function tooLarge(maxBytes: number): ServiceError<'PAYLOAD_TOO_LARGE'> {
  return new ServiceError('PAYLOAD_TOO_LARGE', `The body must have at most ${maxBytes} bytes`, {
    limit: maxBytes,
  })
}

/** Classifies errors by the parser's typed code, never by the text of the error. */
export function toBodyError(error: unknown, maxBytes: number): unknown {
  if (error instanceof ServiceError) return error
  const { type, status } = error as { type?: string; status?: number }
  switch (type) {
    case 'entity.too.large':
      return tooLarge(maxBytes)
    case 'encoding.unsupported':
    case 'charset.unsupported':
      return new ServiceError('UNSUPPORTED_MEDIA_TYPE', inUtf8)
    // The host application has begun to read the body, or is reading it now.
    case 'stream.encoding.set':
    case 'stream.not.readable':
      return bodyAlreadyRead()
    case 'entity.parse.failed':
      return invalidField('', 'the body must be JSON')
    default:
      return status !== undefined && status < 500 ? invalidField('', 'the body could not be read') : error
  }
}
