import { createECDH, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import type { IncomingHttpHeaders, ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import ece from 'http_ece'
import { importJWK, jwtVerify } from 'jose'
import type { PushMessage } from '../../src/contract/push.ts'
import { makeCertificate } from './certificates.ts'
import { endsLater } from './lifetime.ts'

export interface ReceivedPush {
  headers: IncomingHttpHeaders
  path: string
  bytes: Buffer
}

/** A push service on loopback, with TLS; responds with 201 unless `respond` is replaced. Closed after the test. */
export async function openPushService() {
  const certificate = makeCertificate()
  const received: ReceivedPush[] = []
  const service = {
    received,
    certificate: certificate.cert,
    host: '',
    respond: (response: ServerResponse, _got: ReceivedPush): void => {
      response.writeHead(201).end()
    },
    /** A browser that has subscribed there. */
    browser(name = 'browser') {
      const pair = createECDH('prime256v1')
      const p256dh = pair.generateKeys('base64url')
      const auth = randomBytes(16).toString('base64url')
      const path = `/push/${name}`
      return {
        subscription: { endpoint: `https://${service.host}${path}`, keys: { p256dh, auth } },
        get pushes() {
          return received.filter(got => got.path === path)
        },
        /** Its messages, decrypted by the reference library. */
        get messages(): PushMessage[] {
          const decrypt = ({ bytes }: ReceivedPush) =>
            ece.decrypt(bytes, { version: 'aes128gcm', privateKey: pair, authSecret: auth })
          return this.pushes.map(got => JSON.parse(decrypt(got).toString()))
        },
      }
    },
  }
  const server = createServer(certificate, async (request, response) => {
    const got = { headers: request.headers, path: request.url ?? '', bytes: await buffer(request) }
    received.push(got)
    service.respond(response, got)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  endsLater(() => {
    server.close()
    server.closeAllConnections()
  })
  service.host = `localhost:${(server.address() as AddressInfo).port}`
  return service
}

/** Verifies the signature of a push as a push service does. @throws when it does not fit */
export async function verifyPush({ headers }: ReceivedPush, publicKey: string, audience: string) {
  const [, token = '', key = ''] = /^vapid t=([\w.-]+), k=([\w-]+)$/.exec(headers.authorization ?? '') ?? []
  if (key !== publicKey) throw new Error('signed with another key')
  const point = Buffer.from(key, 'base64url')
  const [x, y] = [point.toString('base64url', 1, 33), point.toString('base64url', 33)]
  const verified = await jwtVerify(token, await importJWK({ kty: 'EC', crv: 'P-256', x, y }, 'ES256'), {
    audience,
    algorithms: ['ES256'],
    requiredClaims: ['exp', 'sub'],
  })
  return verified.payload
}
