import express, { type Request, type RequestHandler, type Response } from 'express'
import { invalidField, ServiceError } from '../contract/errors.ts'
import { getOperation } from '../contract/operations.ts'
import { findJsonFlaw } from '../lib/json-flaws.ts'
import { findJsonExcess, type JsonExcess } from '../lib/json-scan.ts'
import { contextOf } from './request-context.ts'

const maxNesting = 64
/** Of the text, before it is parsed: the bound on nesting that names the place comes after. */
const bounds = { depth: 4 * maxNesting, values: 50_000, numberLength: 1_000 }
const excesses: Record<JsonExcess, string> = {
  depth: `the body must not be nested deeper than ${bounds.depth} levels`,
  values: `the body must have at most ${bounds.values} values and keys`,
  numberLength: `a number must have at most ${bounds.numberLength} characters`,
}
const empty = new WeakSet<object>()

/**
 * Reads the body of operations that have one, and leaves it in `req.body`; `undefined` when there was none.
 * A body that the host application has parsed already is taken as it is.
 */
export function readJsonBody(maxBytes: number): RequestHandler {
  const parse = express.json({
    limit: maxBytes,
    type: () => true,
    // Any JSON value is parsed; what is wrong with it is told field by field afterwards.
    strict: false,
    verify: (req, _res, bytes, encoding) => {
      if (bytes.length === 0) empty.add(req)
      checkBounds(bytes, encoding)
    },
  })
  return (req, res, next) => {
    if (isUpload(res) || !expectsBody(req, res)) return next()
    parse(req, res, error => {
      if (error) return next(toBodyError(error, maxBytes))
      if (empty.has(req)) req.body = undefined
      const flaw = findJsonFlaw(req.body, maxNesting)
      next(flaw && invalidField(flaw.path, flaw.message))
    })
  }
}

/** Before the body is parsed: parsing ten megabytes of brackets alone takes seconds. */
function checkBounds(bytes: Buffer, encoding: string): void {
  // The scan reads bytes, so it needs to know what they stand for.
  if (encoding !== 'utf-8') throw new ServiceError('UNSUPPORTED_MEDIA_TYPE', 'Send the body as JSON in UTF-8')
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
  if (!operationId || !getOperation(operationId).body) {
    if (operationId && hasBody) throw invalidField('', 'this operation takes no body')
    return false
  }
  if (!hasBody) {
    req.body = undefined
    return false
  }
  if (!req.is('application/json')) {
    throw new ServiceError('UNSUPPORTED_MEDIA_TYPE', 'Send the body with Content-Type: application/json')
  }
  return true
}

/** By the parser's own words for what went wrong, never by the text of the error. */
export function toBodyError(error: unknown, maxBytes: number): unknown {
  if (error instanceof ServiceError) return error
  const { type, status } = error as { type?: string; status?: number }
  switch (type) {
    case 'entity.too.large':
      return new ServiceError('PAYLOAD_TOO_LARGE', `The body is larger than ${maxBytes} bytes`, {
        limit: maxBytes,
      })
    case 'encoding.unsupported':
    case 'charset.unsupported':
      return new ServiceError('UNSUPPORTED_MEDIA_TYPE', 'Send the body as JSON in UTF-8')
    case 'entity.parse.failed':
      return invalidField('', 'the body is not JSON')
    default:
      return status !== undefined && status < 500 ? invalidField('', 'the body could not be read') : error
  }
}
