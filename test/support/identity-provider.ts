import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, generateKeyPair } from 'jose'
import Provider from 'oidc-provider'
import { endsLater } from './lifetime.ts'

export const resource = 'https://api.example/claude'
const client = { id: 'a-program', secret: 'secret-of-a-program' }

/** A real OpenID provider on loopback, which gives a program access tokens with these claims. */
export async function openIdentityProvider(claims: Record<string, unknown>) {
  let answer: RequestListener = (_req, res) => void res.writeHead(503).end()
  const server = createServer((req, res) => answer(req, res)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  endsLater(async () => {
    server.close()
    server.closeAllConnections()
  })
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`

  /** Signs with a new key from now on, and knows the old one no more. */
  const rotate = async () => {
    const { privateKey } = await generateKeyPair('RS256', { extractable: true })
    const kid = crypto.randomUUID()
    const key = { ...(await exportJWK(privateKey)), kid, use: 'sig', alg: 'RS256' }
    answer = new Provider(issuer, {
      jwks: { keys: [key] },
      clients: [
        {
          client_id: client.id,
          client_secret: client.secret,
          grant_types: ['client_credentials'],
          redirect_uris: [],
          response_types: [],
        },
      ],
      scopes: ['sessions:read', 'sessions:write', 'operate'],
      ttl: { ClientCredentials: 600 },
      cookies: { keys: ['of the tests'] },
      extraTokenClaims: () => claims,
      features: {
        devInteractions: { enabled: false },
        clientCredentials: { enabled: true },
        resourceIndicators: {
          enabled: true,
          getResourceServerInfo: () => ({
            scope: 'sessions:read sessions:write operate',
            audience: resource,
            accessTokenFormat: 'jwt',
            accessTokenTTL: 600,
          }),
        },
      },
    }).callback()
  }
  await rotate()

  /** A token as a program gets it, with these scopes. */
  const getToken = async (scope: string): Promise<string> => {
    const response = await fetch(`${issuer}/token`, {
      method: 'POST',
      headers: { authorization: `Basic ${btoa(`${client.id}:${client.secret}`)}` },
      body: new URLSearchParams({ grant_type: 'client_credentials', scope, resource }),
    })
    const body = (await response.json()) as { access_token?: string }
    if (body.access_token === undefined) throw new Error(`no token: ${JSON.stringify(body)}`)
    return body.access_token
  }
  return { issuer, rotate, getToken }
}
