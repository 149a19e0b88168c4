import { type ErrorRequestHandler, type RequestHandler, Router } from 'express'
import { ServiceError } from '../../contract/errors.ts'
import { hasContext } from '../request-context.ts'
import { serveConsoleFiles } from './console-files.ts'
import { markConsoleRequest } from './console-request.ts'
import { createSessionEndpoints, type SessionParts } from './session-endpoints.ts'

export interface ConsoleParts extends SessionParts {
  /** The API, which the console's pages use below their own path, where browsers send its cookie. */
  api: Router
  /** The first middleware of every request that is not for a file. */
  begin: readonly RequestHandler[]
  answerErrors: ErrorRequestHandler
}

/** The console: its files, its login and the API, to be mounted anywhere. */
export function createConsole({ api, begin, answerErrors, ...parts }: ConsoleParts): Router {
  const { deps, forwarding } = parts
  const router = Router({ caseSensitive: true })
  if (!deps.config.console) return router
  router.use(markConsoleRequest)
  router.use('/api', api)
  router.all('/session', ...begin)
  router.use(createSessionEndpoints(parts))
  router.use(...serveConsoleFiles(forwarding, deps.consoleBuild))
  router.use(...begin, () => {
    throw new ServiceError('NOT_FOUND', 'No such path')
  })
  const beginLate: ErrorRequestHandler = (error, req, res, next) => {
    const [first] = begin
    if (hasContext(res) || !first) return next(error)
    void first(req, res, () => next(error))
  }
  router.use(beginLate, answerErrors)
  return router
}
