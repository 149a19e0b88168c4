import { once } from 'node:events'
import { createServer, type IncomingMessage, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Forwarder, type ForwarderOptions } from '../../src/forwarder/forwarder.ts'
import { endsLater } from '../support/lifetime.ts'

/** A server on loopback that notes its requests; closed after the test. */
export async function listen(listener: RequestListener) {
  const requests: IncomingMessage[] = []
  const server = createServer((request, response) => {
    requests.push(request)
    listener(request, response)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  endsLater(() => {
    server.close()
    server.closeAllConnections()
  })
  const { port } = server.address() as AddressInfo
  return { server, requests, port, host: `127.0.0.1:${port}`, url: `http://127.0.0.1:${port}` }
}

export async function openForwarder(given: Partial<ForwarderOptions> = {}) {
  const warnings: object[] = []
  const forwarder = await Forwarder.open({
    allowedPrivateHosts: [],
    environment: {},
    log: { warn: fields => warnings.push(fields) },
    ...given,
  })
  endsLater(() => forwarder.close())
  /** The URL by which Claude Code would reach a server. */
  const forward = (url: string, more: object = {}, type: 'http' | 'sse' = 'http') => {
    const forwarding = forwarder.openMcp({ tenantId: 'default' })
    const { one } = forwarding.forward({ one: { type, url, ...more } })
    return { url: (one as { url: string }).url, forwarding, traffic: () => forwarding.find('one') }
  }
  return { forwarder, forward, warnings }
}
