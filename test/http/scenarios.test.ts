import { describe, expect, test, vi } from 'vitest'
import { getOperation, operationIds } from '../../src/contract/operations.ts'
import type { AuditQuery } from '../../src/sessions/ports/audit.ts'
import { openScenario, request, scenarios } from './operation-scenarios.ts'

const newest: Omit<AuditQuery, 'limit'> = {
  ...{ tenantId: undefined, after: undefined, fromId: undefined, toId: undefined },
  ...{ sessionId: undefined, keyId: undefined, action: undefined, outcome: undefined },
  order: 'newest',
}

describe.each(operationIds)('%s', id => {
  const { body, query = '', success, answer, wrong } = scenarios[id]
  const { body: schema } = getOperation(id)

  test(`answers ${success}`, async () => {
    await using opened = await openScenario(scenarios[id])
    const response = await request(opened.door, id, opened.ids, { body, query })
    expect(response.status).toBe(success)
    expect(response.headers.get('x-request-id')).toMatch(/^\S+$/)
    const text = await response.text()
    if (answer) expect(JSON.parse(text)).toMatchObject(answer)
  })

  test('is in the audit log as the table says', async () => {
    await using opened = await openScenario(scenarios[id])
    const { audit } = getOperation(id)
    const { store } = opened
    const append = vi.spyOn(store.audit, 'appendAudit')
    const response = await request(opened.door, id, opened.ids, { body, query })
    const requestId = response.headers.get('x-request-id')
    const { entries } = await store.audit.listAudit({ ...newest, limit: 5 })
    const own = entries.filter(entry => entry.requestId === requestId)
    await response.text()
    expect(own.map(({ action, outcome, count }) => [action, outcome, count])).toEqual(
      audit.when === 'refusal' ? [] : [[audit.action, 'done', 1]],
    )
    if (getOperation(id).path.includes(':sessionId')) {
      for (const entry of own) expect(entry.sessionId).toBe(opened.ids.sessionId)
    }
    // Changes have stored it in their own transaction.
    expect(append).toHaveBeenCalledTimes(audit.when === 'answer' ? 1 : 0)
  })

  test('names the field that is wrong', async () => {
    await using opened = await openScenario(scenarios[id])
    const [given, field] = wrong
    const input = schema ? { body: given } : { query: String(given) }
    const response = await request(opened.door, id, opened.ids, input)
    expect(response.status).toBe(400)
    const { error } = (await response.json()) as {
      error: { code: string; details: { issues: { path: string }[] } }
    }
    expect(error.code).toBe('INVALID_REQUEST')
    expect(error.details.issues.map(issue => issue.path)).toEqual([field])
  })
})

describe.each(operationIds.filter(id => getOperation(id).params))('%s', id => {
  const [, collection = ''] = getOperation(id).path.split('/')
  const code =
    {
      presets: 'PRESET_NOT_FOUND',
      webhooks: 'WEBHOOK_NOT_FOUND',
      keys: 'KEY_NOT_FOUND',
      'push-subscriptions': 'PUSH_SUBSCRIPTION_NOT_FOUND',
    }[collection] ?? 'SESSION_NOT_FOUND'

  test('does not know an unknown id, whatever it looks like', async () => {
    await using opened = await openScenario(scenarios[id])
    for (const unknown of [
      '7c9e6679-7425-40de-944b-e07fc1f90ae7',
      'not-a-uuid',
      "'; drop table sessions",
      '%00',
    ]) {
      const wrong = encodeURIComponent(unknown)
      const others = { webhookId: wrong, subscriptionId: wrong, keyId: wrong, preset: wrong }
      const ids = { ...opened.ids, sessionId: wrong, ...others }
      const { body, query = '' } = scenarios[id]
      const response = await request(opened.door, id, ids, { body, query })
      expect(response.status, unknown).toBe(404)
      expect(await response.json()).toMatchObject({ error: { code } })
    }
  })
})
