import { describe, expect, test } from 'vitest'
import { getOperation, type OperationId, operationIds } from '../../src/contract/operations.ts'
import { allScopes } from '../../src/sessions/records.ts'
import { createClient } from '../support/client.ts'
import { endsLater, openOnce } from '../support/lifetime.ts'
import { openSessions } from '../support/open-sessions.ts'
import { key, type OpenDoor, openDoor } from './open-door.ts'
import { request, scenarios } from './operation-scenarios.ts'

const tenants = ['red', 'blue'] as const
type Tenant = (typeof tenants)[number]

interface Side {
  /** Two keys with all scopes. */
  keys: [string, string]
  sessionId: string
  turnId: string
  webhookId: string
  subscriptionId: string
  keyId: string
  preset: string
}

/** Sends requests with a key. */
function as(door: OpenDoor, credential: string): OpenDoor {
  return {
    ...door,
    call: (path, init = {}) =>
      door.call(path, { ...init, headers: { ...(init.headers as object), 'x-api-key': credential } }),
  }
}

const shared = openOnce(async () => {
  const { sessions } = await openSessions()
  const door = await openDoor({ service: sessions })
  endsLater(() => door[Symbol.asyncDispose]())
  const operator = createClient(door.url, key)
  const sides = {} as Record<Tenant, Side>
  for (const tenant of tenants) {
    const body = { name: tenant, scopes: [...allScopes], tenant }
    const first = (await operator.call('POST', '/keys', body)).body
    const second = (await operator.call('POST', '/keys', body)).body
    const client = createClient(door.url, first.key)
    const sessionId = await client.createSession()
    const { turnId } = (await client.ask(sessionId, `secret of ${tenant}`)).body
    const hook = { url: `https://${tenant}.example.com/`, events: ['turn.completed'] }
    const { webhookId } = (await client.call('POST', '/webhooks', hook)).body
    const { subscriptionId } = (
      await client.call('POST', '/push-subscriptions', scenarios.createPushSubscription.body)
    ).body
    const preset = `made-by-${tenant}`
    await client.call('POST', '/presets', { name: preset, configuration: {} })
    const { keyId } = first
    const made = { sessionId, turnId, webhookId, subscriptionId, keyId, preset }
    sides[tenant] = { keys: [first.key, second.key], ...made }
  }
  return { door, sides, operator }
})

const withObject = operationIds.filter(id => getOperation(id).params !== null)

describe.each(withObject)('%s', (id: OperationId) => {
  test.each([0, 1] as const)('does not exist for key %i of another tenant', async index => {
    const { door, sides } = shared()
    const { red, blue } = sides
    const { body, query = '' } = scenarios[id]
    // Ids of parts that were never made are unknown either way; the session decides first.
    const ids = { ...scenarioIds(red), permissionId: red.turnId, attachmentId: red.turnId, taskId: 'task' }
    const response = await request(as(door, blue.keys[index]), id, ids, { body, query })
    const text = await response.text()
    expect(response.status, text).toBe(404)
    expect(JSON.parse(text).error.code).toMatch(/_NOT_FOUND$/)
    expect(text).not.toContain('red')
  })
})

function scenarioIds({ keys: _, ...ids }: Side): Record<string, string> {
  return { ...ids, deliveryId: ids.turnId, server: 'tracker' }
}

const lists = [
  ['/sessions?status=all', 'sessions', 'sessionId'],
  ['/webhooks', 'webhooks', 'webhookId'],
  ['/presets', 'presets', 'name'],
  ['/keys?status=all', 'keys', 'tenant'],
  ['/permissions?status=all', 'permissions', 'sessionId'],
] as const

describe.each(lists)('GET %s', (path, field, idField) => {
  test('shows a tenant its own, and who administers the server all or those of the named one', async () => {
    const { door, sides } = shared()
    const listed = async (credential: string, at: string) => {
      const response = await as(door, credential).call(at)
      const page = (await response.json()) as Record<string, Record<string, string>[]> & {
        total?: number
        pagination?: { total: number }
      }
      const found = page[field]?.map(item => item[idField]) ?? []
      expect(page.total ?? page.pagination?.total).toBe(found.length)
      return new Set(found)
    }
    const all = new Set<string | undefined>()
    for (const tenant of tenants) {
      const [own, other] = await Promise.all(sides[tenant].keys.map(credential => listed(credential, path)))
      expect(own).toEqual(other)
      for (const found of own ?? []) expect(all.has(found)).toBe(false)
      const named = `${path}${path.includes('?') ? '&' : '?'}tenant=${tenant}`
      expect(await listed(key, named)).toEqual(own)
      for (const found of own ?? []) all.add(found)
    }
    expect(await listed(key, path)).toEqual(all)
  })
})

test('a stream of one tenant carries nothing of another', async () => {
  const { door, sides } = shared()
  const { red, blue } = sides
  const response = await as(door, blue.keys[1]).call(
    `/sessions/${blue.sessionId}/events?turnId=${blue.turnId}`,
  )
  const text = await response.text()
  expect(text).toContain('secret of blue')
  expect(text).not.toContain(red.sessionId)
})

test('an idempotency key of one API key is free for another', async () => {
  const { door, sides } = shared()
  const made = new Set<string>()
  for (const credential of [...sides.red.keys, ...sides.blue.keys, key]) {
    const headers = { 'idempotency-key': 'same', 'content-type': 'application/json' }
    const response = await as(door, credential).call('/sessions', { method: 'POST', body: '{}', headers })
    made.add(((await response.json()) as { sessionId: string }).sessionId)
  }
  expect(made.size).toBe(5)
})

describe('who administers the server', () => {
  test('acts in the tenant of the session', async () => {
    const { operator, sides } = shared()
    const { sessionId, webhookId } = sides.red
    expect((await operator.call('GET', `/sessions/${sessionId}`)).body).toMatchObject({ tenant: 'red' })
    expect((await operator.ask(sessionId, 'from above')).body).toMatchObject({ turnId: expect.any(String) })
    expect((await operator.call('GET', `/sessions/${sessionId}/messages`)).status).toBe(200)
    expect((await operator.call('GET', `/webhooks/${webhookId}`)).status).toBe(200)
  })

  test('makes things in the tenant that it names', async () => {
    const { door, operator, sides } = shared()
    const { sessionId, tenant } = (await operator.call('POST', '/sessions?tenant=blue', {})).body
    expect(tenant).toBe('blue')
    expect((await as(door, sides.blue.keys[0]).call(`/sessions/${sessionId}`)).status).toBe(200)
    expect((await as(door, sides.red.keys[0]).call(`/sessions/${sessionId}`)).status).toBe(404)
  })
})

test('no other key can name a tenant but its own', async () => {
  const { door, sides } = shared()
  const red = as(door, sides.red.keys[0])
  expect((await red.call('/sessions?tenant=red')).status).toBe(200)
  for (const [method, path] of [
    ['GET', '/sessions?tenant=blue'],
    ['POST', '/sessions?tenant=blue'],
    ['GET', '/permissions?tenant=blue'],
    ['GET', '/webhooks?tenant=blue'],
  ] as const) {
    const response = await red.call(path, { method })
    expect([response.status, await response.text()]).toEqual([
      403,
      expect.stringContaining('TENANT_NOT_ALLOWED'),
    ])
  }
})

test('operations that need no key by configuration need one as soon as there is a second tenant', async () => {
  const { sessions } = await openSessions()
  await using door = await openDoor({
    service: sessions,
    config: { auth: { requireAuth: ['DELETE /sessions/:id'] } },
  })
  const open = () => fetch(`${door.url}/sessions`)
  expect((await open()).status).toBe(200)
  expect((await fetch(`${door.url}/keys`)).status).toBe(401)
  const body = { name: 'x', scopes: ['sessions:read'], tenant: 'second' }
  await createClient(door.url, key).call('POST', '/keys', body)
  expect((await open()).status).toBe(401)
  expect((await fetch(`${door.url}/models`)).status).toBe(200)
})
