import express, { type Request, type RequestHandler } from 'express'
import { getOperation } from '../contract/operations.ts'
import type { Upload } from './handler.ts'
import { findReadBody, toReadUpload } from './host-read-body.ts'
import { refuseLarge, toBodyError } from './json-body.ts'
import { contextOf } from './request-context.ts'

const uploads = new WeakMap<Request, Buffer>()

/** Reads the body of uploads, regardless of the declared type. */
export function readRawBody(maxBytes: number): RequestHandler {
  const parse = express.raw({ limit: maxBytes, type: () => true })
  return (req, res, next) => {
    const { operationId } = contextOf(res)
    if (!operationId || getOperation(operationId).upload === null) return next()
    const read = hasBody(req) ? findReadBody(req) : undefined
    if (read !== undefined) {
      refuseLarge(req, maxBytes)
      // Treating it as empty would overwrite a file with nothing.
      uploads.set(req, toReadUpload(req, read))
      req.body = undefined
      return next()
    }
    parse(req, res, error => {
      if (error) return next(toBodyError(error, maxBytes))
      if (Buffer.isBuffer(req.body)) uploads.set(req, req.body)
      req.body = undefined
      next()
    })
  }
}

function hasBody({ headers }: Request): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length']) > 0
}

/** Returns the body that `readRawBody` has read. */
export function toUpload(req: Request): Upload {
  const type = req.headers['content-type']?.split(';')[0]?.trim().toLowerCase()
  return { bytes: uploads.get(req) ?? Buffer.alloc(0), contentType: type || undefined }
}
