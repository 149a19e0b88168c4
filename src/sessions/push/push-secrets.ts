import { ECDH } from 'node:crypto'
import { invalidField } from '../../contract/errors.ts'
import type { Sealer } from '../../lib/sealed-text.ts'
import type { PushKeys, PushTarget } from '../ports/index.ts'
import type { PushKeysRecord, PushSubscriptionRecord } from '../ports/push.ts'

type Owner = Pick<PushSubscriptionRecord, 'id' | 'tenantId'>

export function sealTarget(target: PushTarget, owner: Owner, sealer: Sealer): string {
  return sealer.seal(JSON.stringify(target), contextOf(owner))
}

/** @throws CannotUnseal when it was sealed with a key that the server does not have */
export function unsealTarget(subscription: Owner & { secrets: string }, sealer: Sealer): PushTarget {
  return JSON.parse(sealer.unseal(subscription.secrets, contextOf(subscription)))
}

export function sealKeys({ publicKey, privateKey }: PushKeys, sealer: Sealer): PushKeysRecord {
  const sealed = sealer.seal(privateKey, keysContext(publicKey))
  return { publicKey, privateKey: sealed, createdAt: Date.now() }
}

/** @throws CannotUnseal when they were sealed with a key that the server does not have */
export function unsealKeys({ publicKey, privateKey }: PushKeysRecord, sealer: Sealer): PushKeys {
  return { publicKey, privateKey: sealer.unseal(privateKey, keysContext(publicKey)) }
}

/** First byte of a point that has both coordinates and nothing else. */
const uncompressed = 4

/** Refuses bytes that no message can be encrypted for. @throws ServiceError INVALID_REQUEST */
export function checkPublicKey(p256dh: string): void {
  try {
    const point = Buffer.from(p256dh, 'base64url')
    // OpenSSL takes other forms of a point too, which receivers of messages do not.
    if (point[0] !== uncompressed) throw new Error('not an uncompressed point')
    ECDH.convertKey(point, 'prime256v1')
  } catch {
    throw invalidField('keys.p256dh', 'must be an uncompressed point of the curve P-256')
  }
}

function contextOf({ id, tenantId }: Owner): string {
  return `${tenantId}:push:${id}`
}

function keysContext(publicKey: string): string {
  return `push-keys:${publicKey}`
}
