import { createHmac, randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import type { WebhookEventType } from '../../src/contract/webhooks.ts'
import { createSealer } from '../../src/lib/sealed-text.ts'
import { openForwarder } from '../forwarder/open-forwarder.ts'
import { caller, openSessions, plain, stranger, temporaryDirectory, until } from '../support/open-sessions.ts'
import { createDatabase } from '../support/postgres/shared-server.ts'
import type { TurnScene } from '../support/scripted-launcher.ts'
import { ScriptedLauncher } from '../support/scripted-launcher.ts'
import { openReceiver, verify } from '../support/webhook-receiver.ts'

type Given = Parameters<typeof openSessions>[0]
type Opened = Awaited<ReturnType<typeof openSessions>>

/** Sessions that may send to the receivers. */
async function open(receivers: { host: string }[], given: Given = {}): Promise<Opened> {
  const allowedPrivateHosts = receivers.map(({ host }) => host)
  const { forwarder } = await openForwarder({ allowedPrivateHosts })
  const webhookTiming = { retryDelaysMs: [1, 1, 1], attemptTimeoutMs: 60_000 }
  return openSessions({ sender: forwarder, allowedPrivateHosts, webhookTiming, ...given })
}

const create = ({ sessions }: Opened, url: string, events: WebhookEventType[] = ['turn.completed']) =>
  sessions.webhooks.create(caller, { url, events })

const deliveriesOf = async ({ sessions }: Opened, webhookId: string) =>
  (await sessions.webhooks.listDeliveries(caller, { webhookId, status: 'all', limit: 100, offset: 0 }))
    .deliveries

const start = async ({ sessions }: Opened) => (await sessions.create(caller, plain)).session.id

function scripted() {
  return new ScriptedLauncher(async ({ text, ask }: TurnScene) => {
    if (text === 'ask') await ask()
    return `You said: ${text}`
  })
}

let database: Awaited<ReturnType<typeof createDatabase>>
beforeAll(async () => {
  database = await createDatabase(inject('postgresDirectory'))
})
afterAll(() => database.drop())

describe.each(['a file', 'PostgreSQL'])('on %s', body => {
  const place = (): Given =>
    body === 'PostgreSQL' ? { databaseUrl: database.url } : { file: `${temporaryDirectory()}/store.db` }

  test('tells of a session from its beginning to its end, with signatures and nothing but ids', async () => {
    const receiver = await openReceiver()
    const opened = await open([receiver], { ...place(), launcher: scripted() })
    const events: WebhookEventType[] = [
      ...(['session.created', 'session.ended', 'turn.completed'] as const),
      ...(['permission.requested', 'permission.resolved'] as const),
    ]
    const { secret } = await create(opened, receiver.url, events)
    const { sessions } = opened
    const { session } = await sessions.create(caller, { ...plain, permissionPrompts: 'ask' })
    const { turn } = await sessions.submit(caller, session.id, {
      ...{ prompt: 'ask', timeoutMs: 0, onBusy: 'queue' },
    })
    await until(() => receiver.types.includes('permission.requested'))
    const asked = receiver.received.find(({ payload }) => payload.type === 'permission.requested')
    const { permissionId } = asked?.payload.data ?? {}
    const answer = { decision: 'allow' as const, interrupt: false }
    await sessions.permissions.answer(caller, session.id, String(permissionId), answer)
    await sessions.whenTurnEnded(caller, session.id, turn.id, new AbortController().signal)
    await sessions.end(caller, session.id)
    await until(() => receiver.received.length === 5)
    for (const got of receiver.received) verify(got, secret)
    expect(receiver.types.toSorted()).toEqual(events.toSorted())
    const data = Object.fromEntries(receiver.received.map(({ payload }) => [payload.type, payload.data]))
    const permission = { sessionId: session.id, turnId: turn.id, permissionId, kind: 'tool' }
    expect(data).toEqual({
      'session.created': { sessionId: session.id },
      'permission.requested': { ...permission, status: 'pending' },
      'permission.resolved': { ...permission, status: 'allowed' },
      'turn.completed': {
        ...{ sessionId: session.id, turnId: turn.id },
        ...{ status: 'completed', stopReason: 'end_turn' },
      },
      'session.ended': { sessionId: session.id },
    })
    expect(asked?.headers).toMatchObject({ 'content-type': 'application/json', host: receiver.host })
    expect(() => verify(asked as never, `whsec_${randomBytes(32).toString('base64')}`)).toThrow()
  })

  test('a receiver that was down gets everything after a restart of the server, once it is up', async () => {
    const receiver = await openReceiver()
    const given = { ...place(), sealer: createSealer([randomBytes(32)]) }
    // Its first retry is later than the test.
    const patient = { webhookTiming: { retryDelaysMs: [3_600_000] } }
    const first = await open([receiver], { ...given, ...patient })
    const { webhook, secret } = await create(first, receiver.url)
    receiver.close()
    await first.ask(await start(first), 'one')
    await until(async () => (await deliveriesOf(first, webhook.id))[0]?.failure?.reason === 'unreachable')
    const [waiting] = await deliveriesOf(first, webhook.id)
    expect(waiting).toMatchObject({ status: 'pending', attempts: 1, responseStatus: null })
    await first.close()
    const again = await openReceiver(receiver.port)
    const second = await open([again], { ...given, ...patient })
    await second.sessions.webhooks.redeliver(caller, webhook.id, waiting?.id ?? '')
    await until(async () => (await deliveriesOf(second, webhook.id))[0]?.status === 'delivered')
    expect(again.received.map(({ headers }) => headers['webhook-id'])).toEqual([waiting?.id])
    for (const got of again.received) verify(got, secret)
    expect(second.sessions.webhooks.get(caller, webhook.id).lastDeliveredAt).toBeGreaterThan(0)
    await second.sessions.webhooks.remove(caller, webhook.id)
  })

  test('errors are retried under the same id, until the receiver accepts', async () => {
    const receiver = await openReceiver()
    const opened = await open([receiver], place())
    const { webhook, secret } = await create(opened, receiver.url)
    receiver.respond = response => response.writeHead(receiver.received.length < 3 ? 500 : 200).end('ok')
    await opened.ask(await start(opened), 'one')
    await until(async () => (await deliveriesOf(opened, webhook.id))[0]?.status === 'delivered')
    const [delivery] = await deliveriesOf(opened, webhook.id)
    expect(delivery).toMatchObject({ attempts: 3, responseStatus: 200, failure: null, nextAttemptAt: null })
    expect(new Set(receiver.received.map(({ headers }) => headers['webhook-id']))).toEqual(
      new Set([delivery?.id]),
    )
    for (const got of receiver.received) verify(got, secret)
    await opened.sessions.webhooks.remove(caller, webhook.id)
  })
})

test('a webhook that only fails is disabled, and the others are told', async () => {
  const [broken, healthy] = [await openReceiver(), await openReceiver()]
  const opened = await open([broken, healthy])
  const { webhook } = await create(opened, broken.url)
  await create(opened, healthy.url, ['webhook.disabled', 'turn.completed'])
  broken.respond = response => response.writeHead(500).end()
  const sessionId = await start(opened)
  await opened.ask(sessionId, 'one')
  // They are sent at the same time.
  await until(() => healthy.types.includes('webhook.disabled') && healthy.types.includes('turn.completed'))
  expect(healthy.types.toSorted()).toEqual(['turn.completed', 'webhook.disabled'])
  const report = healthy.received.find(({ payload }) => payload.type === 'webhook.disabled')
  expect(report?.payload.data).toEqual({ webhookId: webhook.id, reason: 'failing' })
  expect(opened.disabled).toMatchObject([{ id: webhook.id, disabledReason: 'failing' }])
  expect(broken.received).toHaveLength(4)
  const [delivery] = await deliveriesOf(opened, webhook.id)
  const message = 'The receiver responded with 500'
  expect(delivery).toMatchObject({ status: 'failed', attempts: 4, failure: { reason: 'status', message } })
  // Nothing more is made for it, and nothing is sent.
  const { webhooks } = opened.sessions
  await expect(webhooks.ping(caller, webhook.id)).rejects.toMatchObject({ code: 'WEBHOOK_DISABLED' })
  await expect(webhooks.redeliver(caller, webhook.id, delivery?.id ?? '')).rejects.toMatchObject({
    details: { reason: 'failing' },
  })
  await opened.ask(sessionId, 'two')
  expect(await deliveriesOf(opened, webhook.id)).toHaveLength(1)
  // Enabled again, it works as before.
  broken.respond = response => response.writeHead(204).end()
  await webhooks.patch(caller, webhook.id, { enabled: true })
  await webhooks.redeliver(caller, webhook.id, delivery?.id ?? '')
  await until(async () => (await deliveriesOf(opened, webhook.id))[0]?.status === 'delivered')
})

test('a webhook that also succeeds is not disabled by one delivery that fails', async () => {
  const receiver = await openReceiver()
  const opened = await open([receiver])
  const { webhooks } = opened.sessions
  const { webhook } = await create(opened, receiver.url)
  const succeeded = Promise.withResolvers<void>()
  receiver.respond = (response, { payload }) => {
    if (payload.type === 'webhook.ping') response.writeHead(204).end()
    else succeeded.promise.then(() => response.writeHead(500).end())
  }
  await opened.ask(await start(opened), 'one')
  await until(() => receiver.received.length === 1)
  const { id } = await webhooks.ping(caller, webhook.id)
  const statusOf = async (status: string) =>
    (await deliveriesOf(opened, webhook.id)).find(delivery => delivery.status === status)?.id
  await until(async () => (await statusOf('delivered')) === id)
  succeeded.resolve()
  await until(async () => (await statusOf('failed')) !== undefined)
  // Changes are made one by one, so a disabled webhook would be seen now.
  const changed = await webhooks.patch(caller, webhook.id, { events: ['turn.lost'] })
  expect(changed).toMatchObject({ disabledAt: null, events: ['turn.lost'] })
})

test('410 disables a webhook at once', async () => {
  const receiver = await openReceiver()
  const opened = await open([receiver])
  const { webhook } = await create(opened, receiver.url)
  receiver.respond = response => response.writeHead(410).end()
  await opened.sessions.webhooks.ping(caller, webhook.id)
  await until(() => opened.disabled.length === 1)
  expect(opened.sessions.webhooks.get(caller, webhook.id)).toMatchObject({ disabledReason: 'gone' })
  expect(receiver.received).toHaveLength(1)
  expect(await deliveriesOf(opened, webhook.id)).toMatchObject([{ status: 'failed', responseStatus: 410 }])
})

test('Retry-After is kept to', async () => {
  const receiver = await openReceiver()
  const opened = await open([receiver])
  const { webhook } = await create(opened, receiver.url)
  receiver.respond = response => response.writeHead(503, { 'retry-after': '7200' }).end()
  await opened.sessions.webhooks.ping(caller, webhook.id)
  await until(async () => (await deliveriesOf(opened, webhook.id))[0]?.attempts === 1)
  const [delivery] = await deliveriesOf(opened, webhook.id)
  const { lastAttemptAt, nextAttemptAt } = delivery ?? {}
  expect((nextAttemptAt ?? 0) - (lastAttemptAt ?? 0)).toBe(7_200_000)
})

test('no webhook waits for the receiver of another', async () => {
  const [silent, quick] = [await openReceiver(), await openReceiver()]
  const opened = await open([silent, quick])
  silent.respond = () => {}
  const { webhook } = await create(opened, silent.url)
  await create(opened, quick.url)
  const sessionId = await start(opened)
  for (let turn = 0; turn < 6; turn++) await opened.ask(sessionId, 'again')
  await until(() => quick.received.length === 6)
  // The silent one has four attempts that wait, and no more.
  await until(() => silent.received.length === 4)
  expect((await deliveriesOf(opened, webhook.id)).map(({ attempts }) => attempts)).toEqual([0, 0, 0, 0, 0, 0])
  // PATCH ends them, and what waits fails.
  await opened.sessions.webhooks.patch(caller, webhook.id, { enabled: false })
  const failed = { status: 'failed', failure: { reason: 'webhook_disabled' } }
  expect(await deliveriesOf(opened, webhook.id)).toMatchObject(Array.from({ length: 6 }, () => failed))
  expect(silent.received).toHaveLength(4)
})

test('a rotated secret signs beside the previous one', async () => {
  const receiver = await openReceiver()
  const opened = await open([receiver])
  const { webhook, secret } = await create(opened, receiver.url)
  const rotated = await opened.sessions.webhooks.rotateSecret(caller, webhook.id, {})
  expect(rotated.secret).toMatch(/^whsec_[\w+/]{43}=$/)
  await opened.sessions.webhooks.ping(caller, webhook.id)
  await until(() => receiver.received.length === 1)
  const [got] = receiver.received
  if (!got) throw new Error('nothing received')
  verify(got, secret)
  verify(got, rotated.secret)
  const { 'webhook-id': id, 'webhook-timestamp': at, 'webhook-signature': signatures } = got.headers
  const sign = (key: string) =>
    createHmac('sha256', Buffer.from(key.slice(6), 'base64'))
      .update(`${id}.${at}.${got.body}`)
      .digest('base64')
  expect(signatures).toBe(`v1,${sign(rotated.secret)} v1,${sign(secret)}`)
})

test('a URL keeps its query, which is sent and not shown; no secret is stored in the clear', async () => {
  const receiver = await openReceiver()
  const opened = await open([receiver])
  const { webhook, secret } = await create(opened, `${receiver.url}?key=sesame`)
  expect(webhook.url).toBe(`${receiver.url}?***`)
  await opened.sessions.webhooks.ping(caller, webhook.id)
  await until(() => receiver.received.length === 1)
  expect(receiver.received[0]?.path).toBe('/hook?key=sesame')
  const stored = JSON.stringify(await opened.store.webhooks.loadWebhooks())
  expect(stored).not.toContain('sesame')
  expect(stored).not.toContain(secret.slice(6))
  await opened.sessions.webhooks.patch(caller, webhook.id, { url: `${receiver.url}2?key=other` })
  await opened.sessions.webhooks.ping(caller, webhook.id)
  await until(() => receiver.received.length === 2)
  const [, second] = receiver.received
  expect(second?.path).toBe('/hook2?key=other')
  verify(second as never, secret)
})

test('a secret that cannot be unsealed fails the attempt, and says so', async () => {
  const receiver = await openReceiver()
  const file = `${temporaryDirectory()}/store.db`
  const first = await open([receiver], { file })
  const { webhook } = await create(first, receiver.url)
  await first.close()
  const second = await open([receiver], { file, webhookTiming: { retryDelaysMs: [3_600_000] } })
  await second.sessions.webhooks.ping(caller, webhook.id)
  await until(async () => (await deliveriesOf(second, webhook.id))[0]?.attempts === 1)
  expect(await deliveriesOf(second, webhook.id)).toMatchObject([{ failure: { reason: 'secret_unreadable' } }])
  await expect(second.sessions.webhooks.rotateSecret(caller, webhook.id, {})).rejects.toMatchObject({
    code: 'INVALID_REQUEST',
  })
  expect(receiver.received).toEqual([])
})

test('other tenants have other webhooks', async () => {
  const receiver = await openReceiver()
  const opened = await open([receiver])
  const { webhooks } = opened.sessions
  const { webhook } = await create(opened, receiver.url, ['session.created'])
  const unknown = { code: 'WEBHOOK_NOT_FOUND' }
  expect(webhooks.list(stranger, { limit: 10, offset: 0 })).toEqual({ webhooks: [], total: 0 })
  expect(() => webhooks.get(stranger, webhook.id)).toThrow(expect.objectContaining(unknown))
  await expect(webhooks.ping(stranger, webhook.id)).rejects.toMatchObject(unknown)
  await expect(webhooks.redeliver(stranger, webhook.id, webhook.id)).rejects.toMatchObject(unknown)
  await opened.sessions.create(stranger, plain)
  await start(opened)
  await until(() => receiver.received.length > 0)
  expect(await deliveriesOf(opened, webhook.id)).toHaveLength(1)
})

test('there are at most fifty; a deleted one makes room and leaves no deliveries', async () => {
  const opened = await openSessions()
  const { webhooks } = opened.sessions
  const made = await Promise.all(Array.from({ length: 50 }, () => create(opened, 'https://example.com/')))
  await expect(create(opened, 'https://example.com/')).rejects.toMatchObject({
    ...{ code: 'WEBHOOK_LIMIT_REACHED', details: { limit: 50 } },
  })
  const [first] = made
  if (!first) throw new Error('no webhook')
  await webhooks.ping(caller, first.webhook.id)
  await webhooks.remove(caller, first.webhook.id)
  await create(opened, 'https://example.com/')
  expect(webhooks.list(caller, { limit: 10, offset: 45 })).toMatchObject({
    total: 50,
    webhooks: { length: 5 },
  })
  expect(await opened.store.webhooks.listPending(first.webhook.id, 10)).toEqual([])
})

test.each([
  ['http://127.0.0.1:1/', 'allowedPrivateHosts'],
  ['https://localhost/', 'allowedPrivateHosts'],
  ['https://0x7f.1/', 'allowedPrivateHosts'],
  ['https://[::ffff:10.0.0.1]/', 'allowedPrivateHosts'],
  ['https://169.254.169.254/latest', 'allowedPrivateHosts'],
  ['http://example.com/', 'allowHttpWebhooks'],
])('%s is refused by name', async (url, option) => {
  const opened = await openSessions()
  const refused = { code: 'SETTING_NOT_ALLOWED', details: { setting: 'url', option } }
  await expect(create(opened, url)).rejects.toMatchObject(refused)
  const { webhook } = await create(opened, 'https://example.com/')
  await expect(opened.sessions.webhooks.patch(caller, webhook.id, { url })).rejects.toMatchObject(refused)
})

test('without a webhook for them, events are stored as they always were', async () => {
  const opened = await openSessions()
  const { store } = opened
  const changes: object[] = []
  const { commit } = store
  store.commit = change => {
    changes.push(change)
    return commit(change)
  }
  await create(opened, 'https://example.com/', ['session.expired'])
  await opened.ask(await start(opened), 'one')
  expect(changes.length).toBeGreaterThan(1)
  for (const change of changes) expect(change).not.toHaveProperty('deliveries')
})
