import { expect, test } from 'vitest'
import type { WebhookEventType } from '../../src/contract/webhooks.ts'
import { openForwarder } from '../forwarder/open-forwarder.ts'
import { sharedDatabase } from '../support/nodes.ts'
import { caller, plain, until } from '../support/open-sessions.ts'
import { openReceiver } from '../support/webhook-receiver.ts'
import { openNodeSessions } from './open-node.ts'

type Opened = Awaited<ReturnType<typeof openNodeSessions>>

/** Two nodes, of which the first sends until the test says otherwise. */
async function openTwo(receiver: { host: string }) {
  const url = await sharedDatabase()
  const allowedPrivateHosts = [receiver.host]
  const first = { index: 0 }
  const open = async (index: number) => {
    const { forwarder } = await openForwarder({ allowedPrivateHosts })
    const webhookTiming = { retryDelaysMs: [1, 1, 1, 1], attemptTimeoutMs: 60_000 }
    return openNodeSessions(
      url,
      { sender: forwarder, allowedPrivateHosts, webhookTiming },
      () => first.index === index,
    )
  }
  return { one: await open(0), other: await open(1), first }
}

const create = ({ sessions }: Opened, url: string, events: WebhookEventType[] = ['session.created']) =>
  sessions.webhooks.create(caller, { url, events })
const start = async ({ sessions }: Opened) => (await sessions.create(caller, plain)).session.id
const reload = ({ sessions }: Opened) => sessions.webhooks.memory.reload()

const statusesOf = async ({ sessions }: Opened, webhookId: string) =>
  (
    await sessions.webhooks.listDeliveries(caller, { webhookId, status: 'all', limit: 100, offset: 0 })
  ).deliveries.map(({ status }) => status)

test('events of all nodes are sent by one of them, each once; so are those that are sent by hand', async () => {
  const receiver = await openReceiver()
  const { one, other } = await openTwo(receiver)
  const { webhook } = await create(one, receiver.url)
  await reload(other)
  const ids = await Promise.all([one, other, other, one, other].map(start))
  await until(() => receiver.received.length === ids.length)
  const told = receiver.received.map(({ payload }) => payload.data.sessionId)
  expect(told.toSorted()).toEqual(ids.toSorted())
  const ping = await other.sessions.webhooks.ping(caller, webhook.id)
  await until(() => receiver.types.includes('webhook.ping'))
  await until(async () => (await statusesOf(one, webhook.id)).every(status => status === 'delivered'))
  await other.sessions.webhooks.redeliver(caller, webhook.id, ping.id)
  await until(() => receiver.types.filter(type => type === 'webhook.ping').length === 2)
  expect(receiver.received).toHaveLength(ids.length + 2)
  expect(other.faults).toEqual([])
})

test('another node resumes where the one that sent has ended', async () => {
  const receiver = await openReceiver()
  let isDown = true
  receiver.respond = response => response.writeHead(isDown ? 503 : 204).end()
  const { one, other, first } = await openTwo(receiver)
  const { webhook } = await create(one, receiver.url)
  await reload(other)
  // The retries of the node that sends would come to their end.
  const id = await start(other)
  await until(() => receiver.received.length > 0)
  await one.close()
  const before = receiver.received.length
  isDown = false
  first.index = 1
  await start(other)
  await until(() => receiver.received.length > before)
  await until(
    async () => (await statusesOf(other, webhook.id)).filter(status => status === 'delivered').length >= 1,
  )
  expect(receiver.received.map(({ payload }) => payload.data.sessionId)).toContain(id)
})

test('deliveries to a webhook that another node has disabled or deleted meanwhile are not kept for later', async () => {
  const receiver = await openReceiver()
  const { one, other } = await openTwo(receiver)
  const [disabled, deleted] = [await create(one, receiver.url), await create(one, receiver.url)]
  await reload(other)
  await one.sessions.webhooks.patch(caller, disabled.webhook.id, { enabled: false })
  await one.sessions.webhooks.remove(caller, deleted.webhook.id)
  // This node does not know yet.
  await start(other)
  await until(async () => (await statusesOf(one, disabled.webhook.id)).join() === 'failed')
  await until(async () => (await one.store.webhooks.listDueWebhooks(Date.now() + 1_000)).length === 0)
  expect(receiver.received).toEqual([])
})
