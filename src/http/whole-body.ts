import express, { type Request, type Response } from 'express'
import { findReadBody, toReadJson, toReadUpload } from './host-read-body.ts'
import { toBodyError } from './json-body.ts'
import type { HttpOptions } from './options.ts'

export type ReadBody = (req: Request, res: Response, isUpload: boolean) => Promise<Buffer>

/** Returns a function that reads the body of a request as bytes. */
export function createBodyReader(config: Pick<HttpOptions, 'maxBodyBytes' | 'maxUploadBytes'>): ReadBody {
  const readBytes = (limit: number) => express.raw({ limit, type: () => true })
  const readJson = readBytes(config.maxBodyBytes)
  const readUpload = readBytes(config.maxUploadBytes)

  return async (req, res, isUpload) => {
    const read = findReadBody(req)
    if (read !== undefined) {
      if (isUpload || read === 'lost' || !('value' in read)) return toReadUpload(req, read)
      return Buffer.from(JSON.stringify(toReadJson(req, read, () => {})))
    }
    const limit = isUpload ? config.maxUploadBytes : config.maxBodyBytes
    await new Promise<void>((resolve, reject) => {
      const parse = isUpload ? readUpload : readJson
      parse(req, res, error => (error ? reject(toBodyError(error, limit)) : resolve()))
    })
    const bytes = Buffer.isBuffer(req.body) ? req.body : Buffer.alloc(0)
    req.body = undefined
    // Where this node answers after all, it is read again.
    Object.assign(req, { rawBody: bytes })
    return bytes
  }
}
