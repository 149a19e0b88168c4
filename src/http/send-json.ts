import type { Response } from 'express'
import { toJsonLine } from '../lib/json-line.ts'

/**
 * Ends the response with JSON. Not `res.json`: settings of the host application (replacer, spaces, ETag)
 * would change what the contract promises.
 */
export function sendJson(res: Response, status: number, body: unknown): void {
  sendJsonText(res, status, toJsonLine(body))
}

/** As `sendJson`, of a body that is JSON on one line already. */
export function sendJsonText(res: Response, status: number, json: string | Buffer): void {
  sendText(res, status, 'application/json; charset=utf-8', json)
}

/** Ends the response with a text of that type. */
export function sendText(res: Response, status: number, contentType: string, text: string | Buffer): void {
  res.statusCode = status
  res.setHeader('Content-Type', contentType)
  res.setHeader('Content-Length', Buffer.byteLength(text))
  res.setHeader('Cache-Control', 'no-store')
  res.setHeader('X-Content-Type-Options', 'nosniff')
  res.end(text)
}
