import type { IncomingMessage } from 'node:http'
import type { RequestHandler } from 'express'
import type { ConsoleLoginRecord } from '../../sessions/ports/index.ts'

/** A login of the console, as a request brings it. */
export interface Login {
  readonly record: ConsoleLoginRecord
  readonly secret: string
}

const ofConsole = new WeakSet<IncomingMessage>()

/** Lets the request be made with a login of the console. Not by a header, which callers could send. */
export const markConsoleRequest: RequestHandler = (req, _res, next) => {
  ofConsole.add(req)
  next()
}

/** Whether the request came through the console: elsewhere, its cookie counts for nothing. */
export function isConsoleRequest(req: IncomingMessage): boolean {
  return ofConsole.has(req)
}
