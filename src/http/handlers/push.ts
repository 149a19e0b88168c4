import { toTimestamp } from '../../contract/primitives.ts'
import type { PushSubscription } from '../../contract/push.ts'
import type { PushSubscriptionRecord } from '../../sessions/ports/push.ts'
import type { Handlers } from '../handler.ts'
import type { HttpDeps } from '../options.ts'
import { openPage, toPosition } from '../pagination.ts'

type PushHandlers = Pick<
  Handlers,
  | 'getPushKey'
  | 'createPushSubscription'
  | 'listPushSubscriptions'
  | 'deletePushSubscription'
  | 'testPushSubscription'
>

export function pushHandlers(deps: HttpDeps): PushHandlers {
  return {
    async getPushKey() {
      return { status: 200, body: { publicKey: await deps.service.push.publicKey() } }
    },

    async createPushSubscription({ caller, isValid, body }) {
      const { subscription, isNew } = await deps.service.push.subscribe(caller, body, isValid)
      return { status: isNew ? 201 : 200, body: toSubscription(subscription) }
    },

    listPushSubscriptions({ caller, query }) {
      const list = openPage(query, ['push', query.tenant ?? null])
      const page = { ...list.page, ...toPosition(list.key), tenant: query.tenant }
      const { subscriptions, total } = deps.service.push.list(caller, page)
      const { items, pagination } = list.close(subscriptions, total, ({ createdAt, id }) => [createdAt, id])
      return { status: 200, body: { subscriptions: items.map(toSubscription), pagination } }
    },

    async deletePushSubscription({ caller, params }) {
      await deps.service.push.remove(caller, params.subscriptionId)
      return { status: 204 }
    },

    async testPushSubscription({ caller, params: { subscriptionId } }) {
      const { responseStatus, failure } = await deps.service.push.test(caller, subscriptionId)
      return { status: 200, body: { subscriptionId, delivered: failure === null, responseStatus, failure } }
    },
  }
}

function toSubscription(subscription: PushSubscriptionRecord): PushSubscription {
  const { id, service, events, includeTitle, sessionId, createdBy, tenantId, createdAt, expiresAt } =
    subscription
  return {
    subscriptionId: id,
    ...{ service, events, includeTitle, sessionId, createdBy, tenant: tenantId },
    createdAt: toTimestamp(createdAt),
    expiresAt: expiresAt === null ? null : toTimestamp(expiresAt),
  }
}
