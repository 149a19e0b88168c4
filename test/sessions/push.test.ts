import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { KeyRegistry } from '../../src/access/key-registry.ts'
import { Keys } from '../../src/access/keys.ts'
import { PresentCallers } from '../../src/access/present-callers.ts'
import { createPushSubscriptionRequest, type PushEventType } from '../../src/contract/push.ts'
import { createSealer } from '../../src/lib/sealed-text.ts'
import type { CallerStanding } from '../../src/sessions/ports/index.ts'
import { type Caller, operator } from '../../src/sessions/records.ts'
import { openForwarder } from '../forwarder/open-forwarder.ts'
import { openOnce } from '../support/lifetime.ts'
import {
  caller,
  openSessions,
  plain,
  promptOf,
  stranger,
  temporaryDirectory,
  until,
} from '../support/open-sessions.ts'
import { createDatabase } from '../support/postgres/shared-server.ts'
import { pushOptions } from '../support/push-parts.ts'
import { openPushService, verifyPush } from '../support/push-service.ts'

type Given = Parameters<typeof openSessions>[0]
type Service = Awaited<ReturnType<typeof openPushService>>
type Opened = Awaited<ReturnType<typeof openSessions>>
type Browser = ReturnType<Service['browser']>

const valid = () => true
const both: PushEventType[] = ['request', 'turn_ended']

/** Sessions that may send to the push service. */
async function open(service: Service, given: Given = {}): Promise<Opened> {
  const { host, certificate } = service
  const forwarding = { allowedPrivateHosts: [host], certificates: [certificate] }
  const { forwarder } = await openForwarder(forwarding)
  return openSessions({
    pushSender: forwarder,
    push: { ...pushOptions, allowedHosts: [host] },
    pushTiming: { settleMs: 20, longestMs: 200, retryDelaysMs: [1, 1, 1], attemptTimeoutMs: 60_000 },
    ...given,
  })
}

async function subscribe(opened: Opened, browser: Browser, more: object = {}, by: Caller = caller) {
  const request = { ...browser.subscription, events: both, ...more }
  const { subscription } = await opened.sessions.push.subscribe(
    by,
    createPushSubscriptionRequest.parse(request),
    valid,
  )
  return subscription
}

const start = async ({ sessions }: Opened, more: object = {}, by: Caller = caller) =>
  (await sessions.create(by, { ...plain, ...more })).session.id

async function askPeople({ sessions }: Opened, sessionId: string) {
  await sessions.submit(caller, sessionId, promptOf('ask'))
  const query = { sessionId, status: 'pending' as const, limit: 10, offset: 0 }
  const pending = async () => (await sessions.permissions.list(caller, query)).permissions
  await until(async () => (await pending()).length > 0)
  const [request] = await pending()
  return request?.id ?? ''
}

let database: Awaited<ReturnType<typeof createDatabase>>
beforeAll(async () => {
  database = await createDatabase(inject('postgresDirectory'))
})
afterAll(() => database.drop())

describe.each(['a file', 'PostgreSQL'])('on %s', body => {
  const place = (): Given =>
    body === 'PostgreSQL' ? { databaseUrl: database.url } : { file: `${temporaryDirectory()}/store.db` }

  test('a browser is told of requests and ended turns, encrypted and signed, also after a restart', async () => {
    const service = await openPushService()
    const browser = service.browser()
    const given = { ...place(), sealer: createSealer([randomBytes(32)]) }
    const first = await open(service, given)
    const subscription = await subscribe(first, browser, { includeTitle: true })
    expect(subscription).toMatchObject({ service: service.host, createdBy: 'test', expiresAt: null })
    const publicKey = await first.sessions.push.publicKey()
    const sessionId = await start(first, { title: 'Shop', permissionPrompts: 'ask' })
    const permissionId = await askPeople(first, sessionId)
    await until(() => browser.pushes.length === 1)
    const told = { sessionId, title: 'Shop' }
    expect(browser.messages).toEqual([{ ...told, kind: 'request', permissionId, count: 1, waiting: 1 }])
    const answer = { decision: 'allow' as const, interrupt: false }
    await first.sessions.permissions.answer(caller, sessionId, permissionId, answer)
    await until(() => browser.pushes.length === 2)
    expect(browser.messages[1]).toEqual({ ...told, kind: 'turn_ended', count: 1, waiting: 0 })
    const [request, ended] = browser.pushes
    expect(request?.headers).toMatchObject({
      ...{ ttl: '43200', urgency: 'high', 'content-encoding': 'aes128gcm' },
      topic: expect.stringMatching(/^[\w-]{32}$/),
    })
    // The newer message replaces the older one at the push service.
    expect(ended?.headers).toMatchObject({ topic: request?.headers.topic, urgency: 'normal' })
    const claims = await verifyPush(request as never, publicKey, `https://${service.host}`)
    expect(claims.sub).toBe(pushOptions.contact)
    await first.close()
    const second = await open(service, given)
    expect(await second.sessions.push.publicKey()).toBe(publicKey)
    await second.ask(sessionId, 'hello')
    await until(() => browser.pushes.length === 3)
    expect(browser.messages[2]).toMatchObject({ kind: 'turn_ended', sessionId })
    await verifyPush(browser.pushes[2] as never, publicKey, `https://${service.host}`)
    // With another secret key, nothing can be read: browsers begin anew.
    await second.close()
    const third = await open(service, { ...given, sealer: createSealer([randomBytes(32)]) })
    expect(third.log.keysReplaced).toBe(1)
    expect(third.sessions.push.list(caller, { limit: 10, offset: 0 }).total).toBe(0)
    expect(await third.sessions.push.publicKey()).not.toBe(publicKey)
  })
})

test('each key is told of the sessions that it may read, and of the events that it wants', async () => {
  const service = await openPushService()
  const opened = await open(service)
  const [own, foreign, bound, requests] = ['own', 'foreign', 'bound', 'requests'].map(service.browser)
  const [sessionId, other] = [await start(opened, { title: 'x' }), await start(opened)]
  const ofBound = { ...caller, keyId: 'bound', sessionId }
  await subscribe(opened, own as Browser)
  await subscribe(opened, foreign as Browser, {}, stranger)
  await subscribe(opened, bound as Browser, {}, ofBound)
  await subscribe(opened, requests as Browser, { events: ['request'] })
  await opened.ask(other, 'one')
  await opened.ask(sessionId, 'two')
  await until(() => own?.pushes.length === 2 && bound?.pushes.length === 1)
  expect(own?.messages.map(message => message.sessionId).toSorted()).toEqual([sessionId, other].toSorted())
  expect(own?.messages[0]).not.toHaveProperty('title')
  expect(bound?.messages).toMatchObject([{ sessionId }])
  expect([foreign?.pushes, requests?.pushes]).toEqual([[], []])
})

test('a subscription is its key’s own, one for each endpoint, and others do not see it', async () => {
  const service = await openPushService()
  const opened = await open(service)
  const { push } = opened.sessions
  const browser = service.browser()
  const first = await subscribe(opened, browser)
  const again = await subscribe(opened, browser, { events: ['request'] })
  expect(again).toMatchObject({ id: first.id, events: ['request'], createdAt: first.createdAt })
  const other = { ...caller, keyId: 'other' }
  expect((await subscribe(opened, browser, {}, other)).id).not.toBe(first.id)
  const page = { limit: 10, offset: 0 }
  expect(push.list(caller, page)).toMatchObject({ subscriptions: [{ id: first.id }], total: 1 })
  expect(push.list(operator('root'), page).total).toBe(2)
  for (const by of [other, stranger]) {
    await expect(push.remove(by, first.id)).rejects.toMatchObject({ code: 'PUSH_SUBSCRIPTION_NOT_FOUND' })
    await expect(push.test(by, first.id)).rejects.toMatchObject({ code: 'PUSH_SUBSCRIPTION_NOT_FOUND' })
  }
  await push.remove(operator('root'), first.id)
  expect(push.list(caller, page).total).toBe(0)
  for (let count = 0; count < 20; count++) await subscribe(opened, service.browser(`${count}`))
  await expect(subscribe(opened, service.browser('more'))).rejects.toMatchObject({
    code: 'PUSH_SUBSCRIPTION_LIMIT_REACHED',
    details: { limit: 20 },
  })
  const approver = { ...caller, keyId: 'approver', scopes: new Set(['permissions:answer'] as const) }
  const wishes = { events: ['request'] }
  await subscribe(opened, browser, wishes, approver)
  for (const more of [{ events: both }, { ...wishes, includeTitle: true }]) {
    await expect(subscribe(opened, browser, more, approver)).rejects.toMatchObject({ code: 'SCOPE_REQUIRED' })
  }
})

test('a push service that is busy is asked again, one that has lost the browser ends the subscription', async () => {
  const service = await openPushService()
  const opened = await open(service)
  const browser = service.browser()
  const { id } = await subscribe(opened, browser)
  const { push } = opened.sessions
  const sessionId = await start(opened)
  service.respond = response => response.writeHead([503, 429, 201][browser.pushes.length - 1] ?? 413).end()
  await opened.ask(sessionId, 'one')
  await until(() => browser.pushes.length === 3)
  expect(opened.failedPushes).toEqual([])
  await opened.ask(sessionId, 'two')
  await until(() => browser.pushes.length === 4 && opened.failedPushes.length === 1)
  expect(opened.failedPushes).toMatchObject([{ responseStatus: 413, failure: { reason: 'status' } }])
  // The same failure is reported once.
  await opened.ask(sessionId, 'three')
  await until(() => browser.pushes.length === 5)
  const redirected = await openPushService()
  service.respond = response => response.writeHead(307, { location: `https://${redirected.host}/` }).end()
  expect(await push.test(caller, id)).toMatchObject({ responseStatus: 307, failure: { reason: 'redirect' } })
  expect(redirected.received).toEqual([])
  service.respond = response => response.writeHead(201).end()
  expect(await push.test(caller, id)).toMatchObject({ responseStatus: 201, failure: null })
  expect(browser.messages.at(-1)).toEqual({ kind: 'test' })
  expect(opened.failedPushes).toHaveLength(1)
  service.respond = response => response.writeHead(410).end()
  await opened.ask(sessionId, 'four')
  await until(() => push.tenantOf(id) === undefined)
  await until(async () => (await opened.store.push.loadSubscriptions()).length === 0)
})

describe('a subscription of a stored key', () => {
  async function openWithKeys() {
    const service = await openPushService()
    const known: { standing?: CallerStanding } = {}
    const standing: CallerStanding = {
      scopesOf: (keyId, version) => known.standing?.scopesOf(keyId, version),
    }
    const opened = await open(service, { standing })
    const registry = new KeyRegistry(opened.store.keys, { error() {} })
    const keys = new Keys({ registry, sessions: opened.store })
    const accepted = { enabled: true, keys: [{ id: 'root' }], tokens: undefined, authenticate: undefined }
    known.standing = new PresentCallers(accepted, registry)
    const { record, text } = await keys.create(operator('root'), { name: 'phone', scopes: ['sessions:read'] })
    const by = registry.find(record.id, text)?.caller as Caller
    const browser = service.browser()
    const { id } = await subscribe(opened, browser, {}, by)
    return { ...opened, opened, service, keys, registry, by, browser, id, text, keyId: record.id }
  }

  test('ends when the key is revoked', async () => {
    const { opened, sessions, keys, browser, id, keyId, store } = await openWithKeys()
    const sessionId = await start(opened)
    await opened.ask(sessionId, 'one')
    await until(() => browser.pushes.length === 1)
    await keys.revoke(operator('root'), keyId)
    expect(sessions.push.tenantOf(id)).toBeUndefined()
    const witness = await subscribe(opened, browser, {}, operator('root'))
    await opened.ask(sessionId, 'two')
    await until(() => browser.pushes.length === 2)
    expect((await store.push.loadSubscriptions()).map(one => one.id)).toEqual([witness.id])
  })

  test('ends with the text that it was made with, although the key has another', async () => {
    const { sessions, keys, registry, keyId, text, opened, service } = await openWithKeys()
    const second = await keys.rotate(operator('root'), keyId, 3_600_000)
    const of = (text: string) => registry.find(keyId, text)?.caller
    const old = await subscribe(opened, service.browser('old'), {}, of(text))
    const present = await subscribe(opened, service.browser('present'), {}, of(second.text))
    expect(old.keyVersion).not.toBe(present.keyVersion)
    // From now on the second text is the old one, and the first opens nothing.
    await keys.rotate(operator('root'), keyId, 3_600_000)
    expect(sessions.push.tenantOf(old.id)).toBeUndefined()
    expect(sessions.push.tenantOf(present.id)).toBe('default')
  })

  test('ends with the text that the key had, unless that is still valid', async () => {
    const { sessions, keys, registry, id, keyId, by, opened, browser, service } = await openWithKeys()
    await keys.rotate(operator('root'), keyId, 3_600_000)
    expect(sessions.push.tenantOf(id)).toBe('default')
    const { text } = await keys.rotate(operator('root'), keyId, 0)
    expect(sessions.push.tenantOf(id)).toBeUndefined()
    await expect(subscribe(opened, browser, {}, by)).rejects.toMatchObject({ code: 'INVALID_API_KEY' })
    await subscribe(opened, browser, {}, registry.find(keyId, text)?.caller)
    await keys.patch(operator('root'), keyId, { scopes: ['usage:read'] })
    const witness = service.browser('witness')
    await subscribe(opened, witness, {}, operator('root'))
    for (const count of [1, 2]) {
      await opened.ask(await start(opened), 'one')
      await until(() => witness.pushes.length === count)
    }
    expect(browser.pushes).toEqual([])
    await expect(subscribe(opened, browser, {}, { ...by, keyId: 'gone' })).rejects.toMatchObject({
      code: 'INVALID_API_KEY',
    })
  })
})

test('a tenant that has used up its subscriptions takes none from another', async () => {
  const service = await openPushService()
  const opened = await open(service)
  for (let count = 0; count < 1_000; count++) {
    const keyId = `key-${Math.floor(count / 20)}`
    await subscribe(opened, service.browser(`${count}`), {}, { ...caller, keyId })
  }
  await expect(
    subscribe(opened, service.browser('more'), {}, { ...caller, keyId: 'key-more' }),
  ).rejects.toMatchObject({ code: 'PUSH_SUBSCRIPTION_LIMIT_REACHED', details: { limit: 1_000 } })
  const { id } = await subscribe(opened, service.browser('other'), {}, stranger)
  expect(opened.sessions.push.list(stranger, { limit: 10, offset: 0 })).toMatchObject({
    subscriptions: [{ id }],
    total: 1,
  })
})

test('callers of tokens and of the host application keep it for a time', async () => {
  const service = await openPushService()
  const opened = await open(service)
  const expiresAt = Date.now() + 60_000
  const ofToken = await subscribe(
    opened,
    service.browser('a'),
    {},
    { ...caller, keyId: 'token_1', expiresAt },
  )
  expect(ofToken.expiresAt).toBe(expiresAt)
  const ofHost = await subscribe(opened, service.browser('b'), {}, { ...caller, keyId: 'host:a:b' })
  expect(ofHost.expiresAt).toBeGreaterThan(expiresAt)
  const soon = { expirationTime: expiresAt + 1 }
  expect((await subscribe(opened, service.browser('c'), soon)).expiresAt).toBe(expiresAt + 1)
  const over = { expirationTime: 1 }
  await expect(subscribe(opened, service.browser('d'), over)).rejects.toMatchObject({
    code: 'INVALID_REQUEST',
  })
})

describe('an endpoint', () => {
  const shared = openOnce(() =>
    openSessions({ push: { ...pushOptions, allowedHosts: ['push.example.com'] } }),
  )
  const keys = {
    p256dh: 'BMnBh3-1Ry7vfXCbwoLvDXwhRYxOXvFWGPi-RcvbeccigChy0J2J9LgouEtiTzfWSPPe9qFoQ3iHuf-vINU8SQA',
    auth: '0Nl4NQCWQmKWoOoNy3Jm0g',
  }
  const parse = (endpoint: string, more: object = {}) =>
    createPushSubscriptionRequest.safeParse({ endpoint, keys, events: both, ...more })

  test.each([
    'http://fcm.googleapis.com/a',
    'https://user:pass@fcm.googleapis.com/a',
    'https://fcm.googleapis.com/a#b',
    'https://fcm.googleapis.com:443/a',
    'https://FCM.googleapis.com/a',
    'https://ｆcm.googleapis.com/a',
    'https://fcm.googleapis.com\\@evil.test/',
    'https://fcm.googleapis.com./a',
    'https://x..push.apple.com/a',
    'https://.notify.windows.com/a',
    'https://web.push.apple.com../a',
    `https://${'a'.repeat(64)}.push.apple.com/a`,
    `https://fcm.googleapis.com/${'a'.repeat(2048)}`,
    'data:,a',
    'fcm.googleapis.com',
  ])('%s is not valid', endpoint => {
    expect(parse(endpoint).error?.issues.map(({ path }) => path.join('.'))).toContain('endpoint')
  })

  test('keys that no message can be encrypted for are refused', async () => {
    const endpoint = 'https://web.push.apple.com/a'
    for (const wrong of [
      { ...keys, auth: 'AAAA' },
      { ...keys, p256dh: '!' },
      { ...keys, p256dh: keys.auth },
    ]) {
      expect(parse(endpoint, { keys: wrong }).success).toBe(false)
    }
    const { sessions } = shared()
    const [, ...coordinates] = Buffer.from(keys.p256dh, 'base64url')
    // The last one says in the first byte whether y is even: a hybrid form, which is valid for OpenSSL.
    const hybrid = 6 + ((coordinates.at(-1) ?? 0) & 1)
    for (const bytes of [Buffer.alloc(65, 4), Buffer.from([hybrid, ...coordinates])]) {
      const wrong = { ...keys, p256dh: bytes.toString('base64url') }
      const request = createPushSubscriptionRequest.parse({ endpoint, keys: wrong, events: both })
      await expect(sessions.push.subscribe(caller, request, valid)).rejects.toMatchObject({
        code: 'INVALID_REQUEST',
        details: { issues: [{ path: 'keys.p256dh' }] },
      })
    }
  })

  test.each([
    ['https://fcm.googleapis.com/a', true],
    ['https://updates.push.services.mozilla.com/a', true],
    ['https://web.push.apple.com/a', true],
    ['https://wns2-by3p.notify.windows.com/w/?token=a%2bb', true],
    ['https://push.example.com/a', true],
    ['https://push.example.com:8443/a', false],
    ['https://fcm.googleapis.com:8443/a', false],
    ['https://push.apple.com/a', false],
    ['https://evilpush.apple.com.evil.test/a', false],
    ['https://evil-notify.windows.com/a', false],
    ['https://127.0.0.1/a', false],
    ['https://[::1]/a', false],
    ['https://169.254.169.254/latest', false],
    ['https://localhost/a', false],
    ['https://fcm.googleapis.com.evil.test/a', false],
  ])('%s is of a push service: %s', async (endpoint, isKnown) => {
    const { sessions } = shared()
    const request = createPushSubscriptionRequest.parse({ endpoint, keys, events: both })
    const subscribing = sessions.push.subscribe(caller, request, valid)
    if (isKnown) await expect(subscribing).resolves.toMatchObject({ isNew: true })
    else await expect(subscribing).rejects.toMatchObject({ code: 'SETTING_NOT_ALLOWED' })
  })

  test('that resolves to a private address is not connected to, and a certificate of another name is refused', async () => {
    const service = await openPushService()
    const lookup = async () => [{ address: '127.0.0.1', family: 4 }]
    const { forwarder } = await openForwarder({ lookup, certificates: [service.certificate] })
    const opened = await open(service, { pushSender: forwarder })
    const known = { subscription: { endpoint: 'https://fcm.googleapis.com/a', keys } } as Browser
    const { id } = await subscribe(opened, known)
    expect(await opened.sessions.push.test(caller, id)).toMatchObject({
      failure: { reason: 'address_refused' },
    })
    const own = await subscribe(opened, service.browser())
    expect(await opened.sessions.push.test(caller, own.id)).toMatchObject({
      failure: { reason: 'address_refused' },
    })
    const port = service.host.split(':')[1]
    const renamed = { subscription: { endpoint: `https://push.test:${port}/a`, keys } } as Browser
    const wrongName = await openForwarder({
      ...{ lookup, certificates: [service.certificate], allowedPrivateHosts: [`push.test:${port}`] },
    })
    const push = { ...pushOptions, allowedHosts: [`push.test:${port}`] }
    const other = await open(service, { pushSender: wrongName.forwarder, push })
    const { id: otherId } = await subscribe(other, renamed)
    expect(await other.sessions.push.test(caller, otherId)).toMatchObject({
      failure: { reason: 'unreachable' },
    })
    expect(service.received).toEqual([])
  })
})

test('without pushes, browsers cannot subscribe', async () => {
  const { sessions } = await openSessions({ push: { ...pushOptions, enabled: false } })
  await expect(sessions.push.publicKey()).rejects.toMatchObject({
    details: { setting: 'push', option: 'push.enabled' },
  })
})
