import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import type { PushSubscriptionRecord } from '../../src/sessions/ports/index.ts'
import type { StoreContext } from './store-context.ts'
import { tenantId } from './store-records.ts'

function subscriptionOf(fields: Partial<PushSubscriptionRecord> = {}): PushSubscriptionRecord {
  return {
    id: randomUUID(),
    tenantId,
    createdBy: 'key-1',
    keyVersion: null,
    sessionId: null,
    service: 'web.push.apple.com',
    endpointHash: randomUUID(),
    secrets: 'sealed',
    events: ['request'],
    includeTitle: false,
    createdAt: 1_000,
    expiresAt: null,
    ...fields,
  }
}

/** What the port `PushStore` promises. */
export function pushCases(context: StoreContext): void {
  const push = () => context.store.push

  test('a subscription is stored as it is, and again as it has become', async () => {
    const later = subscriptionOf({ createdAt: 2_000, tenantId: 'tenant-b', keyVersion: 'hash' })
    const first = subscriptionOf()
    await push().saveSubscription(later)
    await push().saveSubscription(first)
    expect(await push().loadSubscriptions()).toEqual([first, later])
    const changed = subscriptionOf({
      ...first,
      ...{ events: ['turn_ended', 'request'], includeTitle: true, sessionId: 's', expiresAt: 9_000 },
    })
    await push().saveSubscription(changed)
    await push().removeSubscriptions([later.id, randomUUID()])
    expect(await push().loadSubscriptions()).toEqual([changed])
  })

  test('a key has one subscription with an endpoint', async () => {
    const first = subscriptionOf()
    await push().saveSubscription(first)
    await expect(push().saveSubscription({ ...first, id: randomUUID() })).rejects.toThrow()
    await push().saveSubscription({ ...first, id: randomUUID(), createdBy: 'key-2' })
    expect(await push().loadSubscriptions()).toHaveLength(2)
  })

  test('new keys take the place of those before, with all subscriptions', async () => {
    expect(await push().loadKeys()).toBeUndefined()
    await push().replaceKeys({ publicKey: 'a', privateKey: 'sealed a', createdAt: 1_000 })
    await push().saveSubscription(subscriptionOf())
    const keys = { publicKey: 'b', privateKey: 'sealed b', createdAt: 2_000 }
    await push().replaceKeys(keys)
    expect(await push().loadKeys()).toEqual(keys)
    expect(await push().loadSubscriptions()).toEqual([])
  })
}
