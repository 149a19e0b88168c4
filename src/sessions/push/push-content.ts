import { hash } from 'node:crypto'
import type { PushMessage } from '../../contract/push.ts'
import { shorten } from '../../lib/shorten.ts'
import type { PushContent } from './push-delivery.ts'

const hour = 60 * 60
/** A push service keeps a message for a browser that is offline this long: a request may wait for the next morning. */
const ttlSeconds: Readonly<Record<PushMessage['kind'], number>> = {
  request: 12 * hour,
  turn_ended: 4 * hour,
  test: 60,
}
/** A title has at most so many characters, so that a message fits into the 3993 bytes of one record. */
const longestTitle = 200

export function toContent(subscriptionId: string, message: PushMessage): PushContent {
  const { kind, sessionId, title } = message
  const short = title === undefined ? undefined : shorten(title, longestTitle)
  return {
    payload: JSON.stringify({ ...message, title: short }),
    ttlSeconds: ttlSeconds[kind],
    // `high` wakes a phone, so it is for what waits for a person.
    urgency: kind === 'turn_ended' ? 'normal' : 'high',
    // The push service sees the topic: with the subscription in it, it does not tell which browsers share a session.
    topic: hash('sha256', `${subscriptionId} ${sessionId ?? kind}`, 'base64url').slice(0, 32),
  }
}
