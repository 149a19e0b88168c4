import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { ServerMetrics } from '../../http/options.ts'
import { isLoopbackName, parseAuthority } from '../../lib/host-name.ts'
import { toListenError } from '../listen-error.ts'

/**
 * Serves `GET /metrics` at an address of its own, without a key.
 *
 * @throws ListenError
 */
export async function serveMetrics(
  metrics: Pick<ServerMetrics, 'expose'>,
  host: string,
  port: number,
): Promise<Server> {
  const server = createServer(async (req, res) => {
    res.setHeader('X-Content-Type-Options', 'nosniff')
    res.setHeader('Cache-Control', 'no-store')
    const target = parseAuthority(req.headers.host ?? '')
    // A foreign page can give a name of its own a loopback address.
    if (isLoopbackName(host.toLowerCase()) && !(target && isLoopbackName(target.name)))
      return res.writeHead(421).end()
    if (req.url !== '/metrics') return res.writeHead(404).end('metrics are at /metrics\n')
    if (req.method !== 'GET' && req.method !== 'HEAD') return res.writeHead(405, { Allow: 'GET, HEAD' }).end()
    const { contentType, text } = await metrics.expose()
    return res.writeHead(200, { 'Content-Type': contentType }).end(text)
  })
  server.maxConnections = 64
  server.headersTimeout = 5_000
  server.requestTimeout = 5_000
  try {
    server.listen(port, host)
    await once(server, 'listening')
    return server
  } catch (error) {
    throw toListenError(error, host, port, { host: 'metrics.host', port: 'metrics.port' })
  }
}
