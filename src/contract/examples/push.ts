import type { PushSubscription } from '../push.ts'
import { ids, times } from './ids.ts'

const { subscriptionId } = ids

export const publicKey =
  'BK0FQ-Gvugrpk005KXrE5aufFc82rT2s3FDphSGfaZ6pQZiPFiRsGQtWvZ1QundopsqSsqqJvloplkY3hg0PNWU'

const keys = {
  p256dh: 'BMnBh3-1Ry7vfXCbwoLvDXwhRYxOXvFWGPi-RcvbeccigChy0J2J9LgouEtiTzfWSPPe9qFoQ3iHuf-vINU8SQA',
  auth: '0Nl4NQCWQmKWoOoNy3Jm0g',
}

export const createPushSubscriptionRequests = {
  simple: {
    endpoint: 'https://updates.push.services.mozilla.com/wpush/v2/gAAAAABm3x',
    keys,
    events: ['request' as const],
  },
  full: {
    endpoint: 'https://fcm.googleapis.com/fcm/send/dHx0f3:APA91bH',
    expirationTime: 4_102_444_800_000,
    keys,
    events: ['request' as const, 'turn_ended' as const],
    includeTitle: true,
  },
}

export const subscription: PushSubscription = {
  subscriptionId,
  service: 'updates.push.services.mozilla.com',
  events: ['request'],
  includeTitle: false,
  sessionId: null,
  createdBy: ids.keyId,
  tenant: 'default',
  createdAt: times.created,
  expiresAt: null,
}
/** Of a key that is bound to a session and expires. */
export const subscriptionOfToken: PushSubscription = {
  ...subscription,
  sessionId: ids.sessionId,
  expiresAt: times.expires,
}

export const accepted = { subscriptionId, delivered: true, responseStatus: 201, failure: null }
export const gone = {
  subscriptionId,
  delivered: false,
  responseStatus: 410,
  failure: {
    reason: 'gone' as const,
    message: 'The push service responded with 410; the subscription was removed',
  },
}
