import type { RequestListener } from 'node:http'
import { createServer, type Server } from 'node:https'
import type { RequestHandler } from 'express'
import type { ResolvedLimits } from '../../config/limits.ts'
import { toServerOptions } from '../server-limits.ts'
import type { ServerCertificate } from './server-certificate.ts'

/** Creates an HTTPS server that follows the certificate. */
export function createSecureServer(
  certificate: ServerCertificate,
  limits: ResolvedLimits,
  listener: RequestListener,
  pollMs?: number,
): Server {
  const server = createServer(
    {
      ...toServerOptions(limits),
      ...certificate.options,
      // Node's default is two minutes.
      handshakeTimeout: limits.headersTimeoutMs,
      ALPNProtocols: ['http/1.1'],
    },
    listener,
  )
  certificate.follow(server, pollMs)
  return server
}

/** Tells browsers to use HTTPS for this host name. */
export function announceHttps(maxAgeMs: number): RequestHandler {
  const value = `max-age=${Math.floor(maxAgeMs / 1000)}`
  return (_req, res, next) => {
    res.setHeader('Strict-Transport-Security', value)
    next()
  }
}
