import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import { ChangedElsewhere } from '../../src/lib/changed-elsewhere.ts'
import type { KeyFingerprints } from '../../src/sessions/ports/index.ts'
import type { SessionRecord } from '../../src/sessions/records.ts'
import type { StoreContext } from './store-context.ts'
import { keyRecord, loginRecord } from './store-key-cases.ts'
import { changeOf, permissionOf, taskOf, turnRecord } from './store-records.ts'
import { deliveryOf, webhookOf } from './store-webhook-cases.ts'

/** The parts of the store through which nodes work together. */
export function nodeCases(context: StoreContext): void {
  const read = async () => Object.fromEntries(await context.store.revisions.readRevisions())

  test('each change of a part that is kept in memory counts its revision up', async () => {
    const { keys, logins, webhooks, push } = context.store
    expect(await read()).toEqual({})
    const [key, webhook, login] = [keyRecord(), webhookOf(), loginRecord()]
    expect(await keys.saveKey(key)).toBe(1)
    expect(await keys.noteUses(new Map([[key.id, 5]]))).toBe(2)
    expect(await keys.removeKeys([key.id])).toBe(3)
    expect(await logins.addLogin(login, [])).toBe(1)
    await logins.noteLoginUse(login.id, 2_000)
    expect(await logins.endLogin(login)).toBe(2)
    expect(await webhooks.saveWebhook(webhook)).toBe(1)
    expect(await webhooks.disableWebhook({ ...webhook, disabledAt: 1 }, [])).toBe(2)
    expect(await webhooks.removeWebhook(webhook.tenantId, webhook.id)).toBe(3)
    expect(await push.replaceKeys({ publicKey: 'a', privateKey: 'b', createdAt: 1 })).toBe(1)
    expect(await push.removeSubscriptions([randomUUID()])).toBe(2)
    expect(await read()).toEqual({ keys: 3, logins: 2, webhooks: 3, push: 2 })
    const revisions = [keys, logins, webhooks, push].map(part => part.readRevision())
    expect(await Promise.all(revisions)).toEqual([3, 2, 3, 2])
  })

  test('a change that is based on another revision is not stored', async () => {
    const { keys, webhooks, push } = context.store
    const [key, webhook] = [keyRecord(), webhookOf()]
    expect(await keys.saveKey(key, 0)).toBe(1)
    await expect(keys.saveKey({ ...key, name: 'late' }, 0)).rejects.toThrow(ChangedElsewhere)
    await expect(keys.saveKey({ ...key, name: 'early' }, 2)).rejects.toThrow(ChangedElsewhere)
    expect(await keys.loadKeys()).toEqual([key])
    expect(await webhooks.saveWebhook(webhook, 0)).toBe(1)
    await expect(webhooks.disableWebhook(webhook, [deliveryOf(webhook)], 0)).rejects.toThrow(ChangedElsewhere)
    await expect(webhooks.removeWebhook(webhook.tenantId, webhook.id, 0)).rejects.toThrow(ChangedElsewhere)
    expect(await webhooks.loadWebhooks()).toEqual([webhook])
    expect(await webhooks.listDueWebhooks(9e12)).toEqual([])
    await push.replaceKeys({ publicKey: 'a', privateKey: 'b', createdAt: 1 }, 0)
    const other = { publicKey: 'c', privateKey: 'd', createdAt: 1 }
    await expect(push.replaceKeys(other, 0)).rejects.toThrow(ChangedElsewhere)
    expect((await push.loadKeys())?.publicKey).toBe('a')
    expect(await read()).toEqual({ keys: 1, webhooks: 1, push: 1 })
  })

  test('the time of the last use never becomes earlier', async () => {
    const { keys, logins, webhooks } = context.store
    const [key, login, webhook] = [keyRecord(), loginRecord(), webhookOf()]
    await keys.saveKey(key)
    await keys.noteUses(new Map([[key.id, 5_000]]))
    await keys.noteUses(new Map([[key.id, 4_000]]))
    await keys.saveKey({ ...key, lastUsedAt: 3_000 })
    await keys.saveKey({ ...key, lastUsedAt: null })
    expect(await keys.loadKeys()).toEqual([{ ...key, lastUsedAt: 5_000 }])
    await logins.addLogin(login, [])
    for (const at of [5_000, 4_000]) await logins.noteLoginUse(login.id, at)
    expect(await logins.loadLogins()).toEqual([{ ...login, lastUsedAt: 5_000 }])
    await webhooks.saveWebhook({ ...webhook, lastDeliveredAt: 5_000 })
    await webhooks.saveWebhook({ ...webhook, lastDeliveredAt: null })
    expect(await webhooks.loadWebhooks()).toEqual([{ ...webhook, lastDeliveredAt: 5_000 }])
  })

  test('old logins are removed by what the store knows of their use', async () => {
    const { logins } = context.store
    const [used, idle, ancient] = [
      loginRecord({ lastUsedAt: 1_000 }),
      loginRecord({ lastUsedAt: 2_000 }),
      loginRecord({ createdAt: 1, lastUsedAt: 9_000 }),
    ]
    for (const login of [used, idle, ancient]) await logins.addLogin(login, [])
    await logins.noteLoginUse(used.id, 8_000)
    await logins.removeOldLogins(500, 3_000)
    expect((await logins.loadLogins()).map(({ id }) => id)).toEqual([used.id])
  })

  test('knows which webhooks have something to send', async () => {
    const { webhooks } = context.store
    const [due, later, over] = [webhookOf(), webhookOf(), webhookOf()]
    for (const webhook of [due, later, over]) await webhooks.saveWebhook(webhook)
    for (let count = 0; count < 3; count++) await webhooks.addDelivery(deliveryOf(due))
    await webhooks.addDelivery(deliveryOf(later, { nextAttemptAt: 9_000 }))
    await webhooks.addDelivery(deliveryOf(over, { status: 'delivered', nextAttemptAt: null }))
    expect(await webhooks.listDueWebhooks(2_000)).toEqual([due.id])
    expect((await webhooks.listDueWebhooks(9_000)).toSorted()).toEqual([due.id, later.id].toSorted())
    await webhooks.failPending(due.id)
    expect(await webhooks.listDueWebhooks(2_000)).toEqual([])
  })

  test('a ticket is redeemed once', async () => {
    const { tickets } = context.store
    const outcomes = await Promise.all(Array.from({ length: 5 }, () => tickets.redeemTicket('a', 2_000)))
    expect(outcomes.filter(isFirst => isFirst)).toHaveLength(1)
    await tickets.removeExpiredTickets(2_000)
    expect(await tickets.redeemTicket('a', 2_000)).toBe(false)
    await tickets.removeExpiredTickets(2_001)
    expect(await tickets.redeemTicket('a', 2_000)).toBe(true)
  })

  test('fingerprints are those of living nodes and of the last start', async () => {
    const { fingerprints, nodes } = context.store
    const seen: unknown[] = []
    const note = async (id: string, own: KeyFingerprints, objection?: string) =>
      fingerprints.noteFingerprints(id, own, others => {
        const byKey = others.living.map(({ seals }) => seals).sort()
        seen.push([byKey, others.last?.seals])
        return objection
      })
    const join = async (id: string) => nodes.join({ ...lifeOf(id) }, 3_600_000)
    for (const id of ['one', 'two', 'three']) await join(id)
    expect(await note('one', { seals: 'a', opens: ['a', 'b'] })).toBeUndefined()
    expect(await note('two', { seals: 'b', opens: ['b'] }, 'no')).toBe('no')
    expect(await note('two', { seals: 'b', opens: ['b', 'a'] })).toBeUndefined()
    await nodes.leave('one')
    await note('three', { seals: 'c', opens: ['c'] }, 'no')
    expect(seen).toEqual([
      [[], undefined],
      [['a'], 'a'],
      [['a'], 'a'],
      [['b'], 'b'],
    ])
  })

  test('the state of a session is in its rows', async () => {
    const { states } = context.store
    const sessions = await Promise.all(Array.from({ length: 5 }, () => context.addSession()))
    const [running, asking, queued, ended, tasks] = sessions as [S, S, S, S, S]
    const add = async (session: S, status: 'running' | 'queued' | 'completed') => {
      const insertTurn = turnRecord(session, { status })
      await context.store.commit(changeOf(session, { insertTurn, events: [] }))
      return insertTurn
    }
    await add(running, 'running')
    const turn = await add(asking, 'running')
    const savePermission = permissionOf(asking, { turnId: turn.id, status: 'pending' })
    await context.store.commit(changeOf(asking, { savePermission, events: [] }))
    await add(queued, 'queued')
    await add(ended, 'completed')
    const task = (id: string, status: 'running' | 'completed') => taskOf(tasks, { id, status })
    const saveTasks = [task('a', 'running'), task('b', 'running'), task('c', 'completed')]
    await context.store.commit(changeOf(tasks, { saveTasks, events: [] }))
    const found = await states.readStates([...sessions.map(({ id }) => id), 'unknown'])
    expect(sessions.map(({ id }) => found.get(id))).toEqual([
      { state: 'running', backgroundTasks: 0 },
      { state: 'requires_action', backgroundTasks: 0 },
      { state: 'idle', backgroundTasks: 0 },
      { state: 'idle', backgroundTasks: 0 },
      { state: 'idle', backgroundTasks: 2 },
    ])
    expect(found.size).toBe(5)
    expect(Object.fromEntries(await states.listAtWork())).toEqual({
      [running.id]: 'running',
      [asking.id]: 'requires_action',
    })
  })
}

type S = SessionRecord

function lifeOf(id: string) {
  return { id, url: 'http://127.0.0.1:1', version: '1', slotsFree: 1, volumes: [] }
}
