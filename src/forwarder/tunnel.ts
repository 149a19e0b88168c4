import type { Duplex } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { HostAndPort } from '../lib/host-policy.ts'
import { AddressRefused, type Connector } from './connector.ts'

/**
 * Answers a CONNECT request: opens the connection and passes bytes on until both sides have ended. Never rejects.
 * @param head the bytes that followed the request
 * @returns the error because of which there is no tunnel
 */
export async function openTunnel(
  connector: Connector,
  target: HostAndPort,
  client: Duplex,
  head: Buffer,
  closed: AbortSignal,
): Promise<unknown> {
  try {
    const server = await connector.connectPlain(target, true, closed)
    if (client.destroyed) return void server.destroy()
    client.write('HTTP/1.1 200 Connection Established\r\n\r\n')
    server.write(head)
    const signal = closed
    // Either side may end first; an error of one side ends both.
    await Promise.allSettled([pipeline(client, server, { signal }), pipeline(server, client, { signal })])
    return undefined
  } catch (error) {
    refuseTunnel(client, error)
    return error
  }
}

/** Answers a CONNECT request that fails. */
export function refuseTunnel(client: Duplex, error: unknown): void {
  const isRefused = error instanceof AddressRefused
  const reason = error instanceof Error && isRefused ? `${error.message}\n` : ''
  const status = isRefused ? '403 Forbidden' : '502 Bad Gateway'
  const headers = `Content-Type: text/plain\r\nContent-Length: ${Buffer.byteLength(reason)}\r\nConnection: close`
  client.end(`HTTP/1.1 ${status}\r\n${headers}\r\n\r\n${reason}`)
}
