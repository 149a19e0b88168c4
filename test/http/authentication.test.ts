import { describe, expect, it } from 'vitest'
import { getOperation, operationIds } from '../../src/contract/operations.ts'
import { key, openDoor, readError } from './open-door.ts'

const protectedIds = operationIds.filter(id => getOperation(id).auth === 'key')

function requestFor(id: (typeof operationIds)[number]): [path: string, init: RequestInit] {
  const { method, path, body } = getOperation(id)
  const init = body && {
    body: JSON.stringify({ prompt: 'hello' }),
    headers: { 'content-type': 'application/json' },
  }
  return [path.replace(/:\w+/g, crypto.randomUUID()), { method: method.toUpperCase(), ...init }]
}

describe('every operation but the health check', () => {
  it.each(protectedIds)('%s is closed without a valid key', async id => {
    await using door = await openDoor()
    const [path, init] = requestFor(id)
    const attempts: [headers: Record<string, string>, query: string, status: number, code: string][] = [
      [{}, '', 401, 'MISSING_API_KEY'],
      [{}, `?x-api-key=${key}`, 401, 'MISSING_API_KEY'],
      [{}, `?apiKey=${key}`, 401, 'MISSING_API_KEY'],
      [{ 'x-api-key': '' }, '', 401, 'MISSING_API_KEY'],
      [{ authorization: 'Bearer' }, '', 401, 'MISSING_API_KEY'],
      [{ 'x-api-key': 'wrong' }, '', 403, 'INVALID_API_KEY'],
      [{ 'x-api-key': key.toLowerCase() }, '', 403, 'INVALID_API_KEY'],
      [{ 'x-api-key': `${key},${key}` }, '', 403, 'INVALID_API_KEY'],
      [{ authorization: 'Bearer wrong' }, '', 403, 'INVALID_API_KEY'],
    ]
    for (const [headers, query, status, code] of attempts) {
      const response = await fetch(door.url + path + query, {
        ...init,
        headers: { ...(init.headers as Record<string, string>), ...headers },
      })
      const body = await readError(response)
      expect([response.status, body.error.code]).toEqual([status, code])
      expect(body.requestId).toBe(response.headers.get('x-request-id'))
      expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8')
    }
  })

  it('is the whole table', () => {
    expect(operationIds.filter(id => !protectedIds.includes(id))).toEqual(['getHealth', 'getReadiness'])
  })
})

it('takes the key as x-api-key and as Bearer', async () => {
  await using door = await openDoor({ service: { models: () => [] } })
  for (const headers of [{ 'x-api-key': key }, { authorization: `bearer ${key}` }]) {
    expect((await fetch(`${door.url}/models`, { headers })).status).toBe(200)
  }
})

it('takes the key in the header that the configuration names', async () => {
  await using door = await openDoor({
    service: { models: () => [] },
    config: { auth: { apiKeys: [key], apiKeyHeader: 'X-Own-Key' } },
  })
  expect((await fetch(`${door.url}/models`, { headers: { 'x-own-key': key } })).status).toBe(200)
  expect((await fetch(`${door.url}/models`, { headers: { 'x-api-key': key } })).status).toBe(401)
})

it('takes the key as the password of HTTP Basic for what people read in a browser, and only there', async () => {
  await using door = await openDoor({ service: { models: () => [] } })
  const headers = { authorization: `Basic ${Buffer.from(`me:${key}`).toString('base64')}` }
  for (const path of ['/docs', '/openapi.json']) {
    const challenge = await fetch(door.url + path)
    expect(challenge.status).toBe(401)
    expect(challenge.headers.get('www-authenticate')).toContain('Basic realm="claude-code-api"')
    expect((await fetch(door.url + path, { headers })).status).toBe(200)
  }
  const models = await fetch(`${door.url}/models`, { headers })
  expect(models.status).toBe(401)
  expect(models.headers.get('www-authenticate')).toBeNull()
})

it('asks for a key before it says whether a path or method exists', async () => {
  await using door = await openDoor()
  for (const [path, method] of [
    ['/nowhere', 'GET'],
    ['/sessions', 'PUT'],
    ['/%zz', 'GET'],
    ['/sessions/%zz', 'GET'],
  ] as const) {
    expect((await fetch(door.url + path, { method })).status).toBe(401)
  }
})

it('can be told which operations need a key', async () => {
  await using door = await openDoor({
    service: { models: () => [] },
    config: { auth: { apiKeys: [key], requireAuth: ['POST /sessions/:id/messages'] } },
  })
  expect((await fetch(`${door.url}/models`)).status).toBe(200)
  const [path, init] = requestFor('sendMessage')
  expect((await fetch(door.url + path, init)).status).toBe(401)
})

it('can be turned off', async () => {
  await using door = await openDoor({ service: { models: () => [] }, config: { auth: { enabled: false } } })
  expect((await fetch(`${door.url}/models`)).status).toBe(200)
})

it('never writes a key to the log', async () => {
  await using door = await openDoor({ service: { models: () => [] } })
  await door.call(`/models?key=${key}`)
  await door.call('/models')
  await door.door.close()
  const line = door.lines.find(({ operation, status }) => operation === 'listModels' && status === 200)
  expect(line).toMatchObject({ keyId: expect.stringMatching(/^[0-9a-f]{8}$/), requestId: expect.any(String) })
  expect(JSON.stringify(door.lines)).not.toContain(key)
})
