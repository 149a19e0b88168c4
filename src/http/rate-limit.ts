import type { Request, RequestHandler, Response } from 'express'
import { ipKeyGenerator, type RateLimitInfo, rateLimit } from 'express-rate-limit'
import type { Logger } from 'pino'
import { ServiceError } from '../contract/errors.ts'
import { operations } from '../contract/operations.ts'
import type { SharedCounters } from '../sessions/limits/shared-counters.ts'
import { withAddress } from './host-authentication.ts'
import type { HttpOptions } from './options.ts'
import { RateLimitWindows } from './rate-limit-windows.ts'
import { contextOf } from './request-context.ts'
import { SharedRateLimit } from './shared-rate-limit.ts'

// The library's `rateLimit` property is not used, because the host application may have a limiter of its own.
const infoProperty = 'claudeCodeApiRateLimit'

export interface RateLimit {
  handler: RequestHandler
  /** Ends the timer. */
  close(): void
}

/**
 * Counts requests by key, or by address if there is no valid key. Open operations are not counted.
 *
 * @param clientRequestOf the request of the client that a request of a door belongs to
 * @param shared counts over all nodes; left out: this server is alone
 */
export function createRateLimit(
  options: HttpOptions['rateLimit'],
  log: Logger,
  addressOf: (req: Request) => string,
  clientRequestOf: (req: Request) => Request,
  shared?: SharedCounters,
): RateLimit {
  if (!options.enabled) return { handler: (_req, _res, next) => next(), close: () => {} }
  const { windowMs, maxRequests, keyGenerator } = options
  const store = shared ? new SharedRateLimit(shared, maxRequests) : new RateLimitWindows()
  const handler = rateLimit({
    windowMs,
    limit: maxRequests,
    store,
    legacyHeaders: true,
    standardHeaders: 'draft-8',
    requestPropertyName: infoProperty,
    // The library's checks guess at mistakes of the host application and write to the console.
    validate: false,
    logger: {
      error: (error, message) => log.error({ err: error }, message),
      warn: (error, message) => log.warn({ err: error }, message),
    },
    skip: (_req, res) => {
      const { operationId } = contextOf(res)
      return operationId !== undefined && operations[operationId].auth === 'none'
    },
    keyGenerator: (req, res) =>
      keyGenerator?.(withAddress(clientRequestOf(req), addressOf(req))) ?? defaultKey(addressOf(req), res),
    handler: (req, _res, next) => {
      const { limit, resetTime } = (req as unknown as Record<string, RateLimitInfo>)[
        infoProperty
      ] as RateLimitInfo
      const reset = Math.ceil((resetTime?.getTime() ?? Date.now() + windowMs) / 1000)
      next(
        new ServiceError(
          'RATE_LIMIT_EXCEEDED',
          `More than ${limit} requests in ${windowMs} ms; see the header Retry-After`,
          { limit, window: windowMs, reset },
        ),
      )
    },
  })
  return { handler, close: () => store.shutdown() }
}

function defaultKey(address: string, res: Response): string {
  const { identity } = contextOf(res)
  return identity.kind === 'known' && identity.caller.keyId !== 'anonymous'
    ? `key:${identity.caller.keyId}`
    : `address:${ipKeyGenerator(address)}`
}
