import type { Socket } from 'node:net'
import type { Request, RequestHandler, Response } from 'express'
import { eventStream } from '../contract/operation.ts'
import { getOperation, type OperationId } from '../contract/operations.ts'
import { adviseRetry } from '../contract/retry.ts'
import { Bound, type Take, takeAll } from './bound.ts'
import { toErrorBody } from './error-response.ts'
import type { HttpOptions } from './options.ts'
import { contextOf } from './request-context.ts'
import { sendJson } from './send-json.ts'

/** The user name for limits that all callers share. */
const everyone = ''

/** The limits of a server; each middleware refuses requests that would exceed one. */
export interface RequestLimits {
  /** First: requests waiting on one connection. */
  readonly connection: RequestHandler
  /** Before the body is read: streams, uploads and bytes of bodies. */
  readonly admission: RequestHandler
  /** As `admission`, for a small JSON body of a caller that is not known yet. */
  readonly smallBody: RequestHandler
  /** As `admission`, for the body of a door's caller. */
  readonly callerBody: RequestHandler
  /** Counts a stream of a door's caller until the response is over. */
  callerStream(res: Response): void
  /** After the body has been read. */
  readonly bodyRead: RequestHandler
}

export function createRequestLimits({
  limits,
  maxBodyBytes,
  maxUploadBytes,
}: Pick<HttpOptions, 'limits' | 'maxBodyBytes' | 'maxUploadBytes'>): RequestLimits {
  const ofServer = (name: keyof typeof limits, least = 0) =>
    new Bound('SERVER_LIMIT_REACHED', `limits.${name}`, Math.max(least, limits[name]))
  const ofCaller = (name: keyof typeof limits, least = 0) =>
    new Bound('CALLER_LIMIT_REACHED', `limits.${name}`, Math.max(least, limits[name]))
  // A single body of the allowed size always fits.
  const largest = Math.max(maxBodyBytes, maxUploadBytes)
  const bytes = ofServer('bodyBytes', largest)
  const bytesPerKey = ofCaller('bodyBytesPerKey', largest)
  const uploads = ofServer('uploads')
  const uploadsPerKey = ofCaller('uploadsPerKey')
  const streams = ofServer('streams')
  const streamsPerKey = ofCaller('streamsPerKey')
  const streamsPerSession = ofCaller('streamsPerSession')
  const receiving = new WeakMap<Request, () => void>()
  const waiting = new WeakMap<Socket, number>()

  const ofSession = (sessionId: string): Take => [streamsPerSession, sessionId.toLowerCase()]

  function streamTakes(req: Request, key: string): Take[] {
    const { sessionId } = req.params
    return [
      [streamsPerKey, key],
      ...(sessionId === undefined ? [] : [ofSession(String(sessionId))]),
      [streams, everyone],
    ]
  }

  function bodyTakes(req: Request, key: string, isUpload: boolean): Take[] {
    const size = bytesOf(req, isUpload ? maxUploadBytes : maxBodyBytes)
    const ofBytes: Take[] = [
      [bytesPerKey, key, size],
      [bytes, everyone, size],
    ]
    const ofUpload: Take[] = [
      [uploadsPerKey, key],
      [uploads, everyone],
    ]
    return isUpload ? [...ofUpload, ...ofBytes] : ofBytes
  }

  function admitBody(req: Request, res: Response, key: string, isUpload: boolean): void {
    const release = takeAll(bodyTakes(req, key, isUpload))
    res.once('close', release)
    // An upload is held until it is stored; a JSON body is released after parsing.
    if (!isUpload) receiving.set(req, release)
    endStalled(req, res, limits.bodyIdleMs)
  }

  return {
    connection(req, res, next) {
      const { socket } = req
      const before = waiting.get(socket) ?? 0
      waiting.set(socket, before + 1)
      res.once('close', () => waiting.set(socket, (waiting.get(socket) ?? 1) - 1))
      if (before >= limits.pipelinedRequests) {
        res.setHeader('Connection', 'close')
        ofCaller('pipelinedRequests').take(everyone, before + 1)
      }
      next()
    },

    admission(req, res, next) {
      const { operationId, identity } = contextOf(res)
      if (operationId === undefined) return next()
      const key = identity.kind === 'known' ? identity.caller.keyId : everyone
      const isUpload = getOperation(operationId).upload !== null
      const withBody = hasBody(req)
      const ofStream = isStream(operationId) ? takeAll(streamTakes(req, key)) : undefined
      if (ofStream) res.once('close', ofStream)
      if (!withBody) return next()
      admitBody(req, res, key, isUpload)
      next()
    },

    callerBody(req, res, next) {
      const { identity } = contextOf(res)
      if (hasBody(req))
        admitBody(req, res, identity.kind === 'known' ? identity.caller.keyId : everyone, false)
      next()
    },

    callerStream(res) {
      const { identity } = contextOf(res)
      const key = identity.kind === 'known' ? identity.caller.keyId : everyone
      const release = takeAll([
        [streamsPerKey, key],
        [streams, everyone],
      ])
      res.once('close', release)
    },

    smallBody(req, res, next) {
      admitBody(req, res, everyone, false)
      next()
    },

    bodyRead(req, _res, next) {
      receiving.get(req)?.()
      next()
    },
  }
}

function isStream(id: OperationId): boolean {
  return getOperation(id).success.some(({ contentType }) => contentType === eventStream)
}

function hasBody({ headers }: Request): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length']) > 0
}

/** Returns the size to reserve for the body: the maximum if its size is unknown before it has been read. */
function bytesOf({ headers }: Request, mostBytes: number): number {
  const encoding = headers['content-encoding'] ?? 'identity'
  const declared = Number(headers['content-length'])
  if (encoding !== 'identity' || headers['transfer-encoding'] !== undefined) return mostBytes
  // A larger body is refused by its length, and nothing of it is kept.
  return declared > mostBytes ? 0 : declared
}

/** Ends a request whose body stops arriving. */
function endStalled(req: Request, res: Response, idleMs: number): void {
  if (req.complete) return
  const onTimeout = () => {
    // The request was refused before its body was read.
    if (res.headersSent) {
      req.destroy()
      return
    }
    const message = `The request body stopped arriving: no data for ${idleMs} ms`
    res.setHeader('Connection', 'close')
    const code = 'REQUEST_TIMEOUT'
    const error = { code, message, details: { timeout: idleMs }, ...adviseRetry(code) } as const
    sendJson(res, 408, toErrorBody(error, contextOf(res).requestId))
  }
  const before = req.socket.timeout ?? 0
  req.setTimeout(idleMs, onTimeout)
  req.once('end', () => {
    req.off('timeout', onTimeout)
    req.socket.setTimeout(before)
  })
}
