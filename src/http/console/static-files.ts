import type { Stats } from 'node:fs'
import express, { type NextFunction, type Request, type RequestHandler, type Response } from 'express'
import { toEtag } from '../etag.ts'

/** Smallest first: browsers list them in no order of preference. */
const encodings = ['br', 'gzip']

/**
 * Serves the files of a build, compressed where the build has made compressed ones: in `.br/` and `.gzip/`, under the
 * same names. What is not there is left to `next`.
 */
export function serveStaticFiles(directory: string): RequestHandler {
  const plain = serveDirectory(directory)
  const encoded = encodings.map(encoding => ({
    encoding,
    serve: serveDirectory(`${directory}/.${encoding}`, encoding),
  }))
  return (req, res, next) => {
    if (!/\.(js|css|svg|webmanifest)$/.test(req.path)) return plain(req, res, next)
    res.vary('Accept-Encoding')
    const best = encoded.find(({ encoding }) => req.acceptsEncodings(encoding))
    if (!best) return plain(req, res, next)
    return best.serve(req, res, error => (error === undefined ? plain(req, res, next) : next(error)))
  }
}

/** @param encoding of all files in the directory */
function serveDirectory(directory: string, encoding?: string): RequestHandler {
  const serve = express.static(directory, {
    index: false,
    redirect: false,
    cacheControl: false,
    // A range would count encoded bytes.
    acceptRanges: encoding === undefined,
    setHeaders(res, path, { size, mtimeMs }: Stats) {
      const isHashed = /^[\\/]?assets[\\/]/.test(path.slice(directory.length))
      res.setHeader('Cache-Control', isHashed ? 'public, max-age=31536000, immutable' : 'no-cache')
      if (encoding === undefined) return
      res.setHeader('Content-Encoding', encoding)
      res.setHeader(
        'ETag',
        `W/${toEtag(`${size.toString(16)}-${Math.floor(mtimeMs).toString(16)}-${encoding}`)}`,
      )
    },
  })
  return (req: Request, res: Response, next: NextFunction) =>
    serve(req, res, error => (error === undefined ? next() : refuse(error, res, next)))
}

interface FileError {
  status?: number | undefined
  headers?: object | undefined
}

/** Answers a failed precondition or a range outside of the file. The headers set so far are those of the file. */
function refuse(error: FileError, res: Response, next: NextFunction): void {
  for (const name of ['Content-Encoding', 'ETag', 'Last-Modified', 'Accept-Ranges']) res.removeHeader(name)
  res.setHeader('Cache-Control', 'no-store')
  if (error.status === 412 || error.status === 416) {
    if (error.headers) res.setHeaders(new Map(Object.entries(error.headers)))
    res.statusCode = error.status
    res.end()
  } else next(error)
}
