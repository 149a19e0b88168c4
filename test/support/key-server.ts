import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, generateKeyPair, type JWK, type JWTHeaderParameters, SignJWT } from 'jose'
import { endsLater } from './lifetime.ts'

export const audience = 'https://api.example/claude'
export type Claims = Record<string, unknown>

/** A pair of keys, with the public one as providers publish it. */
export async function makeKey(alg = 'ES256', kid: string = crypto.randomUUID()) {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true })
  return { alg, kid, privateKey, publicKey, jwk: { ...(await exportJWK(publicKey)), kid, use: 'sig' } as JWK }
}

export type Key = Awaited<ReturnType<typeof makeKey>>

export const inSeconds = (seconds: number) => Math.floor(Date.now() / 1000) + seconds

/** A server of keys that does what the test says, and counts how often it is asked. */
export async function openKeyServer(keys: Key[]) {
  const state = {
    keys: keys.map(({ jwk }) => jwk),
    fetches: 0,
    status: 200,
    /** In place of the keys. */
    body: undefined as string | undefined,
    discovery: {} as Record<string, unknown>,
    /** Resolves before an answer. */
    delay: Promise.resolve(),
  }
  const server = createServer(async (req, res) => {
    await state.delay
    if (req.url === '/.well-known/openid-configuration') {
      return void res.end(JSON.stringify({ issuer, jwks_uri: `${issuer}/keys`, ...state.discovery }))
    }
    state.fetches++
    if (state.status === 302) res.setHeader('location', `${issuer}/elsewhere`)
    res.writeHead(req.url === '/elsewhere' ? 200 : state.status)
    res.end(state.body ?? JSON.stringify({ keys: state.keys }))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  endsLater(async () => {
    server.close()
    server.closeAllConnections()
  })
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`

  /** A valid token, but for what the test changes; `undefined` leaves out a claim. */
  const sign = (key: Key, claims: Claims = {}, header: Partial<JWTHeaderParameters> = {}) =>
    new SignJWT({
      ...{ iss: issuer, aud: audience, sub: 'alice', org: 'acme', scope: 'sessions:read' },
      ...{ iat: inSeconds(0), exp: inSeconds(600) },
      ...claims,
    })
      .setProtectedHeader({ alg: key.alg, kid: key.kid, typ: 'at+jwt', ...header })
      .sign(key.privateKey)
  return { issuer, state, sign }
}
