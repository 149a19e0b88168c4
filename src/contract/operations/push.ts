import { defaults, type Operation } from '../operation.ts'
import {
  createPushSubscriptionQuery,
  createPushSubscriptionRequest,
  listPushSubscriptionsQuery,
  listPushSubscriptionsResponse,
  ofPushSubscription,
  pushKeyResponse,
  pushSubscription,
  testPushResponse,
} from '../push.ts'

const ofPush = { ...defaults, scopes: ['sessions:read', 'permissions:answer'], tag: 'Push' } as const

export const pushOperations = {
  getPushKey: {
    ...ofPush,
    method: 'get',
    path: '/push/public-key',
    summary: 'Get the key with which a browser subscribes to pushes of this server',
    success: [{ status: 200, description: 'The public key', schema: pushKeyResponse }],
    errors: ['SETTING_NOT_ALLOWED'],
    audit: { action: 'server.read', when: 'refusal' },
    fault: 'INTERNAL',
  },
  createPushSubscription: {
    ...ofPush,
    method: 'post',
    path: '/push-subscriptions',
    summary: 'Have a browser told when a request waits for a person or a turn is over',
    query: createPushSubscriptionQuery,
    body: createPushSubscriptionRequest,
    success: [
      {
        status: 200,
        description: "The key's subscription with this endpoint, renewed",
        schema: pushSubscription,
      },
      { status: 201, description: 'The new subscription', schema: pushSubscription },
    ],
    errors: ['TENANT_NOT_ALLOWED', 'SETTING_NOT_ALLOWED', 'PUSH_SUBSCRIPTION_LIMIT_REACHED'],
    audit: { action: 'push.subscribe', when: 'change', fields: ['events', 'includeTitle'] },
    fault: 'INTERNAL',
  },
  listPushSubscriptions: {
    ...ofPush,
    method: 'get',
    path: '/push-subscriptions',
    summary: "List the key's own subscriptions, oldest first; keys of the configuration see all",
    query: listPushSubscriptionsQuery,
    success: [{ status: 200, description: 'One page', schema: listPushSubscriptionsResponse }],
    errors: ['TENANT_NOT_ALLOWED'],
    audit: { action: 'push.read', when: 'refusal' },
    fault: 'INTERNAL',
  },
  deletePushSubscription: {
    ...ofPush,
    method: 'delete',
    path: '/push-subscriptions/:subscriptionId',
    summary: 'Delete a subscription',
    params: ofPushSubscription,
    success: [{ status: 204, description: 'It is deleted' }],
    errors: ['PUSH_SUBSCRIPTION_NOT_FOUND'],
    audit: { action: 'push.unsubscribe', when: 'change', fields: ['subscriptionId'] },
    fault: 'INTERNAL',
  },
  testPushSubscription: {
    ...ofPush,
    method: 'post',
    path: '/push-subscriptions/:subscriptionId/test',
    summary: 'Send a message of the kind `test`, once, and say what the push service responds',
    params: ofPushSubscription,
    success: [{ status: 200, description: 'How it went', schema: testPushResponse }],
    errors: ['PUSH_SUBSCRIPTION_NOT_FOUND', 'SETTING_NOT_ALLOWED'],
    audit: { action: 'push.test', when: 'answer', fields: ['subscriptionId'] },
    fault: 'INTERNAL',
  },
} as const satisfies Record<string, Operation>
