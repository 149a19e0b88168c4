import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { Webhook } from 'standardwebhooks'
import { endsLater } from './lifetime.ts'

export interface ReceivedWebhook {
  headers: IncomingHttpHeaders
  path: string
  body: string
  payload: { type: string; timestamp: string; data: Record<string, unknown> }
}

/** A receiver of webhooks on loopback; responds with 204 unless `respond` is replaced. Closed after the test. */
export async function openReceiver(port = 0) {
  const received: ReceivedWebhook[] = []
  const receiver = {
    received,
    respond: (response: ServerResponse, _got: ReceivedWebhook): void => {
      response.writeHead(204).end()
    },
    port,
    host: '',
    url: '',
    /** The received types, in order. */
    get types(): string[] {
      return received.map(({ payload }) => payload.type)
    },
    close() {
      server.close()
      server.closeAllConnections()
    },
  }
  const server = createServer(async (request, response) => {
    const body = await text(request)
    const got = { headers: request.headers, path: request.url ?? '', body, payload: JSON.parse(body) }
    received.push(got)
    receiver.respond(response, got)
  }).listen(port, '127.0.0.1')
  await once(server, 'listening')
  endsLater(() => receiver.close())
  receiver.port = (server.address() as AddressInfo).port
  receiver.host = `127.0.0.1:${receiver.port}`
  receiver.url = `http://${receiver.host}/hook`
  return receiver
}

/** Verifies the signature with the reference library. @throws when it does not fit */
export function verify({ headers, body }: ReceivedWebhook, secret: string): void {
  new Webhook(secret).verify(body, headers as Record<string, string>)
}
