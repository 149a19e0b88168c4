import { createHash } from 'node:crypto'
import { describe, expect, test, vi } from 'vitest'
import type { AuditEntry } from '../../src/contract/audit.ts'
import type { AuditQuery } from '../../src/sessions/ports/audit.ts'
import { createClient } from '../support/client.ts'
import { openSessions, until } from '../support/open-sessions.ts'
import { type DoorOptions, key, openDoor, readError } from './open-door.ts'

/** The API above the scripted engine and a real store, with clients of several keys. */
async function openAudited(config: DoorOptions['config'] = {}) {
  const { sessions, store } = await openSessions()
  const door = await openDoor({ service: sessions, store, config })
  const operator = createClient(door.url, key)
  const entries = async (query = '', client = operator): Promise<AuditEntry[]> => {
    const { body } = await client.call('GET', `/audit?order=oldest&limit=500&${query}`)
    return body.entries
  }
  const makeKey = async (tenant: string, scopes: string[], name = `${tenant} bot`) => {
    const { body } = await operator.call('POST', '/keys', { name, tenant, scopes })
    return { keyId: body.keyId as string, client: createClient(door.url, body.key) }
  }
  const shown = (list: AuditEntry[]) => list.map(({ action, outcome }) => `${action} ${outcome}`)
  return { door, store, operator, entries, makeKey, shown }
}

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')

test('an entry says who did what, when, from where, and in which request', async () => {
  const { door, entries, makeKey } = await openAudited()
  await using _ = door
  const { keyId, client } = await makeKey('acme', ['sessions:write', 'sessions:read', 'admin'])
  const id = await client.createSession({ title: 'not in the log' })
  const before = Date.now()
  const turn = (await client.ask(id, 'hunter2', {}, { headers: { 'x-request-id': 'my-request' } })).body
  const [entry] = await entries('action=prompt.send')
  expect(entry).toEqual({
    auditId: expect.stringMatching(/^[\da-f]{8}-[\da-f]{4}-7/),
    at: expect.any(String),
    tenant: 'acme',
    keyId,
    name: 'acme bot',
    action: 'prompt.send',
    outcome: 'done',
    errorCode: null,
    sessionId: id,
    turnId: turn.turnId,
    address: '127.0.0.1',
    requestId: 'my-request',
    count: 1,
    details: { onBusy: 'queue', commands: false, promptSha256: sha256('hunter2') },
  })
  expect(Date.parse(entry?.at ?? '')).toBeGreaterThanOrEqual(before)
  const lines = door.lines.filter(({ msg }) => msg === 'audit').map(({ audit }) => audit)
  expect(lines).toContainEqual(expect.objectContaining({ action: 'prompt.send', requestId: 'my-request' }))
  expect(JSON.stringify(door.lines)).not.toContain('hunter2')
})

test('prompts are in it as text if the server says so, long ones cut', async () => {
  const { door, operator, entries } = await openAudited({ auditPrompts: true })
  await using _ = door
  const id = await operator.createSession()
  const long = 'x'.repeat(100_000)
  for (const prompt of ['short', long]) await operator.ask(id, prompt)
  const [short, cut] = await entries('action=prompt.send')
  expect(short?.details).toMatchObject({ promptSha256: sha256('short'), prompt: 'short' })
  expect(cut?.details).toMatchObject({ promptSha256: sha256(long), promptIsCut: true })
  expect(String(cut?.details.prompt)).toHaveLength(64 * 1024)
  const logged = door.lines.filter(({ msg }) => msg === 'audit')
  expect(JSON.stringify(logged)).toContain(sha256('short'))
  expect(JSON.stringify(logged)).not.toContain('"prompt"')
})

describe('who may read it', () => {
  test('administrators of a tenant read the entries of their tenant, the operator all', async () => {
    const { door, operator, entries, makeKey } = await openAudited()
    await using _ = door
    const acme = await makeKey('acme', ['admin', 'sessions:write'])
    const other = await makeKey('other', ['admin', 'sessions:write'])
    const mine = await acme.client.createSession()
    const theirs = await other.client.createSession()
    // The operator acts in the tenant of the session.
    await operator.call('DELETE', `/sessions/${mine}`)
    const seen = await entries('', acme.client)
    expect(new Set(seen.map(({ tenant }) => tenant))).toEqual(new Set(['acme']))
    expect(seen.find(({ action }) => action === 'session.end')?.sessionId).toBe(mine)
    // Made by the operator, for them.
    expect(seen.find(({ action }) => action === 'key.create')?.details.keyId).toBe(acme.keyId)
    expect(await entries(`sessionId=${theirs}`, acme.client)).toEqual([])
    expect(await entries(`keyId=${other.keyId}`, acme.client)).toEqual([])
    expect((await entries('tenant=other')).map(({ sessionId }) => sessionId)).toContain(theirs)
    expect(new Set((await entries()).map(({ tenant }) => tenant))).toEqual(new Set(['acme', 'other']))
    const denied = await acme.client.call('GET', '/audit?tenant=other')
    expect([denied.status, denied.body.error.code]).toEqual([403, 'TENANT_NOT_ALLOWED'])
  })

  test('a key without the scope admin reads nothing, and the attempt is an entry', async () => {
    const { door, entries, makeKey } = await openAudited()
    await using _ = door
    const { client, keyId } = await makeKey('acme', ['sessions:read'])
    expect((await client.call('GET', '/audit')).status).toBe(403)
    expect(await entries('outcome=refused')).toMatchObject([
      { action: 'audit.read', errorCode: 'SCOPE_REQUIRED', keyId, tenant: 'acme' },
    ])
  })
})

describe('refused requests', () => {
  test('are entries; those of the same kind within a minute are counted in one', async () => {
    const { door, store, operator, entries, makeKey } = await openAudited()
    const { client } = await makeKey('acme', ['sessions:read'])
    const id = await operator.createSession()
    for (let count = 0; count < 5; count++)
      await client.call('POST', `/sessions/${id}/messages`, { prompt: 'x' })
    for (let count = 0; count < 3; count++)
      await operator.call('GET', `/sessions/${id}/files/content?path=${count}`)
    const first = [
      { action: 'prompt.send', errorCode: 'SCOPE_REQUIRED', sessionId: id, count: 1 },
      { action: 'file.read', errorCode: 'FILE_NOT_FOUND', sessionId: id, details: { path: '0' }, count: 1 },
    ]
    expect(await entries('outcome=refused')).toMatchObject(first)
    expect((await entries('outcome=refused')).every(({ requestId }) => requestId)).toBe(true)
    await door[Symbol.asyncDispose]()
    const { entries: stored } = await store.audit.listAudit(refusedEntries)
    expect(stored.slice(2)).toMatchObject([
      { action: 'prompt.send', count: 4, requestId: null, sessionId: id },
      { action: 'file.read', count: 2, requestId: null, sessionId: id, details: {} },
    ])
  })

  test('to read what no entry is made of are entries only if they were forbidden', async () => {
    const { door, operator, entries, makeKey } = await openAudited()
    await using _ = door
    const { client } = await makeKey('acme', ['workspace:read'])
    await operator.call('GET', `/sessions/${crypto.randomUUID()}`)
    await client.call('GET', '/sessions')
    expect(await entries('outcome=refused')).toMatchObject([{ action: 'session.list', tenant: 'acme' }])
  })

  test('with wrong keys are counted by address, whatever they were meant for', async () => {
    const { door, store, entries, shown } = await openAudited({ trustProxy: 'loopback' })
    const guess = (from: string) =>
      fetch(`${door.url}/sessions`, {
        headers: { 'x-api-key': crypto.randomUUID(), 'x-forwarded-for': from },
      })
    for (let count = 0; count < 30; count++) await guess(`2001:db8:0:1::${count}`)
    await guess('198.51.100.7')
    await until(async () => (await entries('action=authenticate')).length >= 3)
    const found = await entries('action=authenticate')
    expect(shown(found)).toEqual(Array(3).fill('authenticate refused'))
    expect(found.map(({ address, errorCode }) => [address, errorCode])).toEqual([
      ['2001:db8:0:1::/64', 'INVALID_API_KEY'],
      ['2001:db8:0:1::/64', 'CALLER_LIMIT_REACHED'],
      ['198.51.100.7', 'INVALID_API_KEY'],
    ])
    expect(found.every(({ tenant, keyId, sessionId }) => !tenant && !keyId && !sessionId)).toBe(true)
    await door[Symbol.asyncDispose]()
    const { entries: stored } = await store.audit.listAudit({ ...refusedEntries, action: 'authenticate' })
    // The limit lets another guess through every few seconds, so a slow machine has more of them.
    const [guessed = 0, limited = 0] = stored.slice(3).map(({ count }) => count)
    expect(guessed + limited).toBe(28)
    expect(guessed).toBeGreaterThanOrEqual(9)
    expect(limited).toBeGreaterThan(0)
  })
})

test('addresses that a caller claims are believed from trusted proxies only', async () => {
  for (const [config, address] of [
    [{}, '127.0.0.1'],
    [{ trustProxy: 'loopback' }, '203.0.113.9'],
  ] as const) {
    const { door, operator, entries } = await openAudited(config)
    await using _ = door
    await operator.call('POST', '/sessions', {}, { headers: { 'x-forwarded-for': '10.0.0.1, 203.0.113.9' } })
    expect((await entries('action=session.create'))[0]?.address).toBe(address)
  }
})

test('pages continue where the last one ended, also with entries that came since', async () => {
  const { door, operator, entries } = await openAudited()
  await using _ = door
  const ids = []
  for (let count = 0; count < 5; count++) ids.push(await operator.createSession())
  const read = async (cursor: string | null) => {
    const query = `action=session.create&order=oldest&limit=3${cursor ? `&cursor=${cursor}` : ''}`
    return (await operator.call('GET', `/audit?${query}`)).body
  }
  const first = await read(null)
  const second = await read(first.pagination.nextCursor)
  expect([first.pagination.hasMore, second.pagination.hasMore]).toEqual([true, false])
  const end = await read(second.pagination.nextCursor)
  expect(end.entries).toEqual([])
  ids.push(await operator.createSession())
  const later = await read(end.pagination.nextCursor)
  const seen = [...first.entries, ...second.entries, ...later.entries]
  expect(seen.map(({ sessionId }) => sessionId)).toEqual(ids)
  const newest = (await operator.call('GET', '/audit?action=session.create&limit=2')).body
  expect(newest.entries.map(({ sessionId }: AuditEntry) => sessionId)).toEqual([ids[5], ids[4]])
  const { at = '' } = (await entries('action=session.create'))[2] ?? {}
  expect((await entries(`action=session.create&from=${at}`)).at(-1)?.sessionId).toBe(ids[5])
  const misplaced = await operator.call('GET', `/audit?cursor=${first.pagination.nextCursor}`)
  expect([misplaced.status, misplaced.body.error.details.issues[0].path]).toEqual([400, 'cursor'])
})

test('without an entry, nothing is read: a store that cannot be written refuses', async () => {
  const { door, store, operator } = await openAudited()
  await using _ = door
  const id = await operator.createSession()
  await operator.call('PUT', `/sessions/${id}/files/content?path=a.txt`, 'secret')
  vi.spyOn(store.audit, 'appendAudit').mockRejectedValue(new Error('disk full'))
  const response = await door.call(`/sessions/${id}/files/content?path=a.txt`)
  expect(response.status).toBe(500)
  expect(await response.clone().text()).not.toContain('secret')
  expect((await readError(response)).error.message).not.toContain('disk full')
})

test('a sent pointer to the stream is not a prompt', async () => {
  const { door, operator, entries } = await openAudited()
  await using _ = door
  const id = await operator.createSession()
  await operator.call('POST', `/sessions/${id}/messages`, { prompt: 'x', stream: true })
  expect(await entries('action=prompt.send')).toEqual([])
})

const refusedEntries: AuditQuery = {
  ...{ tenantId: undefined, after: undefined, fromId: undefined, toId: undefined, sessionId: undefined },
  ...{ order: 'oldest', keyId: undefined, action: undefined, outcome: 'refused', limit: 100 },
}
