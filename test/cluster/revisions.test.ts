import { randomUUID } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { createPushSubscriptionRequests } from '../../src/contract/examples/push.ts'
import { maxWebhooks } from '../../src/contract/webhooks.ts'
import { operator } from '../../src/sessions/records.ts'
import { sharedDatabase } from '../support/nodes.ts'
import { caller, plain, until } from '../support/open-sessions.ts'
import { makeKey, type Node, openNode } from './open-node.ts'

const hourMs = 3_600_000

async function openTwo(periodMs?: number): Promise<[Node, Node]> {
  const url = await sharedDatabase()
  return [await openNode(url, {}, periodMs), await openNode(url, {}, periodMs)]
}

const statusOf = async (node: Node, text: string) => (await node.callWith(text, '/sessions')).status

describe('a key', () => {
  test('that one node makes opens the other at once, and so does its new text', async () => {
    // The other does not look by itself.
    const [one, other] = await openTwo(hourMs)
    for (let count = 0; count < 5; count++) {
      const { key, keyId } = await makeKey(one)
      expect(await statusOf(other, key)).toBe(200)
      const rotated = await one.door.post(`/keys/${keyId}/rotate`, { graceMs: 0 })
      const { key: next } = (await rotated.json()) as { key: string }
      expect(await statusOf(other, next)).toBe(200)
      expect(await statusOf(other, key)).toBe(403)
    }
  })

  test('that one node revokes is refused by the other soon, and its open stream ends', async () => {
    const [one, other] = await openTwo()
    const { key, keyId } = await makeKey(one)
    const { session } = await other.sessions.create(caller, plain)
    const stream = await other.callWith(key, `/sessions/${session.id}/events`)
    expect(stream.status).toBe(200)
    const ended = stream.text()
    await one.door.call(`/keys/${keyId}`, { method: 'DELETE' })
    await until(async () => (await statusOf(other, key)) === 403)
    expect(await ended).toContain('event: closing')
  })

  test('is never given back by a change that another node makes at the same time', async () => {
    const [one, other] = await openTwo(hourMs)
    for (let count = 0; count < 20; count++) {
      const { key, keyId } = await makeKey(one)
      const rename = () =>
        other.door.call(`/keys/${keyId}`, {
          method: 'PATCH',
          body: JSON.stringify({ name: `name ${count}` }),
          headers: { 'content-type': 'application/json' },
        })
      const [, renamed] = await Promise.all([one.door.call(`/keys/${keyId}`, { method: 'DELETE' }), rename()])
      expect([200, 409]).toContain(renamed.status)
      const stored = (await one.store.keys.loadKeys()).find(({ id }) => id === keyId)
      expect(stored?.revokedAt).toEqual(expect.any(Number))
      for (const node of [one, other]) expect(await node.registry.findAfresh(keyId, key)).toBeUndefined()
    }
  })

  test('that was not changed stays known, with its last use, while others are read again', async () => {
    const [one, other] = await openTwo(hourMs)
    const { key, keyId } = await makeKey(one)
    expect(await statusOf(other, key)).toBe(200)
    const before = other.registry.get(keyId)
    const lastUsedAt = before?.lastUsedAt
    expect(lastUsedAt).toEqual(expect.any(Number))
    await makeKey(one)
    await other.watch.check()
    expect(other.registry.get(keyId)).toBe(before)
    expect(other.registry.get(keyId)?.lastUsedAt).toBe(lastUsedAt)
  })

  test('that is wrong does not make the store be asked each time', async () => {
    const [node] = await openTwo(hourMs)
    const { keyId } = await makeKey(node)
    const readsBefore = node.counted.reads
    const tries = 300
    await Promise.all(
      Array.from({ length: tries }, () => node.registry.findAfresh(keyId, `ccak_${keyId}_${randomUUID()}`)),
    )
    expect(node.counted.reads - readsBefore).toBeLessThan(5)
  })

  test('is shown as it was changed at another node just now', async () => {
    const [one, other] = await openTwo(hourMs)
    const { keyId } = await makeKey(one)
    expect((await other.door.call(`/keys/${keyId}`)).status).toBe(200)
    await one.door.call(`/keys/${keyId}`, { method: 'DELETE' })
    expect(await (await other.door.call(`/keys/${keyId}`)).json()).toMatchObject({ status: 'revoked' })
  })
})

describe('a webhook', () => {
  const url = 'https://receiver.example/hook'

  test('of one node is known at the other at once', async () => {
    const [one, other] = await openTwo(hourMs)
    const made = await one.door.post('/webhooks', { url, events: ['turn.completed'] })
    const { webhookId } = (await made.json()) as { webhookId: string }
    expect((await other.door.call(`/webhooks/${webhookId}`)).status).toBe(200)
    expect((await other.door.call(`/webhooks/${webhookId}`, { method: 'DELETE' })).status).toBe(204)
    expect((await one.door.call(`/webhooks/${webhookId}`)).status).toBe(404)
  })

  test('more than there may be is refused, whichever nodes make them at once', async () => {
    const [one, other] = await openTwo(hourMs)
    const attempts = Array.from({ length: maxWebhooks + 6 }, (_, index) =>
      (index % 2 === 0 ? one : other).sessions.webhooks.create(operator('test'), {
        url,
        events: ['turn.completed'],
      }),
    )
    const outcomes = await Promise.allSettled(attempts)
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(maxWebhooks)
    expect(await one.store.webhooks.loadWebhooks()).toHaveLength(maxWebhooks)
  })
})

test('nodes agree on one pair of push keys, and know the subscriptions of each other', async () => {
  const [one, other] = await openTwo(hourMs)
  const [first, second] = await Promise.all([one.sessions.push.publicKey(), other.sessions.push.publicKey()])
  expect(first).toBe(second)
  const made = await one.door.post('/push-subscriptions', createPushSubscriptionRequests.simple)
  expect(made.status).toBe(201)
  const { subscriptionId } = (await made.json()) as { subscriptionId: string }
  const listed = (await (await other.door.call('/push-subscriptions')).json()) as {
    subscriptions: { subscriptionId: string }[]
  }
  expect(listed.subscriptions.map(one => one.subscriptionId)).toEqual([subscriptionId])
})

describe('a login of the console', () => {
  const factsOf = (createdBy = 'key') => ({
    ...{ tenantId: 'default', createdBy, credentialHash: 'a'.repeat(64), scopes: [], token: null },
    origin: 'http://127.0.0.1',
  })

  test('made at one node is one at the other at once, until it ends at either', async () => {
    // The other does not look by itself, which it could do before it is asked.
    const [one, other] = await openTwo(hourMs)
    const { secret, login } = await one.logins.create(factsOf())
    expect(other.logins.find(secret)).toBeUndefined()
    const found = await other.logins.findAfresh(secret)
    expect(found).toEqual(login)
    await one.logins.end(login)
    await other.watch.check()
    expect(found && other.logins.isOpen(found)).toBe(false)
    expect(await other.logins.findAfresh(secret)).toBeUndefined()
  })

  test('comes neither back nor away by reloads while it is being changed', async () => {
    const [one, other] = await openTwo(5)
    const made = await Promise.all(
      Array.from({ length: 15 }, async (_, index) => {
        const node = index % 2 === 0 ? one : other
        const { secret, login } = await node.logins.create(factsOf(`key ${index}`))
        expect(node.logins.find(secret)).toBe(login)
        if (index % 3 > 0) return { secret, isOpen: true }
        await node.logins.end(login)
        expect(node.logins.find(secret)).toBeUndefined()
        return { secret, isOpen: false }
      }),
    )
    for (const node of [one, other]) {
      for (const { secret, isOpen } of made) {
        expect((await node.logins.findAfresh(secret)) !== undefined).toBe(isOpen)
      }
    }
  })
})
