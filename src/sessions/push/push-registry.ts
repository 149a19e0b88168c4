import { isDeepStrictEqual } from 'node:util'
import { ServiceError } from '../../contract/errors.ts'
import { maxPushSubscriptions, type PushEventType } from '../../contract/push.ts'
import { changeUpToDate } from '../../lib/changed-elsewhere.ts'
import { OneAtATime } from '../../lib/one-at-a-time.ts'
import { CannotUnseal, type Sealer } from '../../lib/sealed-text.ts'
import type { CallerStanding, PushKeys, PushSender, PushStore, RevisedMemory } from '../ports/index.ts'
import type { PushSubscriptionRecord } from '../ports/push.ts'
import { sealKeys, unsealKeys } from './push-secrets.ts'

export interface RegistryParts {
  store: PushStore
  sealer: Sealer
  sender: Pick<PushSender, 'makeKeys'>
  standing: CallerStanding
  /** Called when the keys were sealed with a key that the server lacks, and new ones have taken their place. */
  onKeysReplaced(): void
}

/**
 * All push subscriptions, in memory as they are stored, with the server's keys. An event without a subscriber costs
 * nothing. Where several nodes share the store, `reload` brings the memory up to date, and each change makes sure that it
 * was.
 */
export class PushRegistry implements RevisedMemory {
  readonly #parts: RegistryParts
  readonly #known = new Map<string, PushSubscriptionRecord>()
  readonly #byTenant = new Map<string, Map<string, PushSubscriptionRecord>>()
  /** Of callers whom only their request could vouch for, while this process lives. */
  readonly #validity = new Map<string, () => boolean>()
  readonly #changes = new OneAtATime()
  #keys: PushKeys | undefined
  #revision = 0

  constructor(parts: RegistryParts) {
    this.#parts = parts
  }

  async open(): Promise<void> {
    await this.#load()
    // Subscriptions that cannot be read are of no use to their browsers, which subscribe again with the new key.
    if (this.#known.size > 0) await this.keys()
    await this.sweep()
  }

  /** The server's keys, made when they are first needed. */
  async keys(): Promise<PushKeys> {
    return this.#keys ?? this.changeAlone(async () => (this.#keys ??= await this.#openKeys()))
  }

  get revision(): number {
    return this.#revision
  }

  reload(): Promise<void> {
    return this.#changes.run('push', () => this.#load())
  }

  /**
   * Makes changes one by one, so that what is stored and what is in memory agree. A change is made again where another
   * node was faster.
   */
  changeAlone<T>(change: () => Promise<T>): Promise<T> {
    return this.#changes.run('push', () => changeUpToDate(change, () => this.#load()))
  }

  get(id: string): PushSubscriptionRecord | undefined {
    const subscription = this.#known.get(id)
    return subscription && this.#isInForce(subscription) ? subscription : undefined
  }

  /** Those in force, oldest first. */
  list(isWanted: (subscription: PushSubscriptionRecord) => boolean): PushSubscriptionRecord[] {
    return this.#inForce(this.#known.values().filter(isWanted))
  }

  /** Whether a subscription may be told of a session; cheap, because it is asked for each event. */
  hasListeners(tenantId: string, sessionId: string): boolean {
    return this.#of(tenantId).some(subscription => covers(subscription, sessionId))
  }

  listeners(tenantId: string, sessionId: string): PushSubscriptionRecord[] {
    return this.#inForce(this.#of(tenantId).filter(subscription => covers(subscription, sessionId)))
  }

  /** Whether the key of a subscription may still know of an event. */
  mayKnow(subscription: PushSubscriptionRecord, event: PushEventType | 'title'): boolean {
    const scopes = this.#scopesOf(subscription)
    if (!scopes) return false
    return scopes.has('sessions:read') || (event === 'request' && scopes.has('permissions:answer'))
  }

  /**
   * To be called in `changeAlone`.
   *
   * @param isValid whether the caller may still be served, as long as this process lives
   */
  async save(subscription: PushSubscriptionRecord, isValid?: () => boolean): Promise<void> {
    this.#revision = await this.#parts.store.saveSubscription(subscription, this.#revision)
    this.#remember(subscription)
    if (isValid) this.#validity.set(subscription.id, isValid)
  }

  /** To be called in `changeAlone`. @throws ServiceError PUSH_SUBSCRIPTION_LIMIT_REACHED */
  async makeRoom(tenantId: string, keyId: string): Promise<void> {
    await this.#removeOver()
    const { perKey, perTenant } = maxPushSubscriptions
    const ofTenant = [...this.#of(tenantId)]
    const own = ofTenant.filter(one => one.createdBy === keyId)
    if (own.length >= perKey) throw tooMany(`The key has ${perKey} push subscriptions`, perKey)
    if (ofTenant.length >= perTenant) {
      throw tooMany(`The tenant has ${perTenant} push subscriptions`, perTenant)
    }
  }

  remove(id: string): Promise<void> {
    return this.changeAlone(() => this.#remove([id]))
  }

  /** Removes subscriptions whose time or key is over. */
  sweep(): Promise<void> {
    return this.changeAlone(() => this.#removeOver())
  }

  /** Reads all subscriptions, and the keys again where they were replaced. */
  async #load(): Promise<void> {
    const { store } = this.#parts
    const revision = await store.readRevision()
    const stored = await store.loadSubscriptions()
    const ids = new Set(stored.map(({ id }) => id))
    for (const id of [...this.#known.keys()]) if (!ids.has(id)) this.#forget(id)
    for (const subscription of stored) {
      if (!isDeepStrictEqual(this.#known.get(subscription.id), subscription)) this.#remember(subscription)
    }
    if (this.#keys && (await store.loadKeys())?.publicKey !== this.#keys.publicKey) this.#keys = undefined
    this.#revision = revision
  }

  /** Oldest first. */
  #inForce(subscriptions: Iterable<PushSubscriptionRecord>): PushSubscriptionRecord[] {
    return [...subscriptions]
      .filter(subscription => this.#isInForce(subscription))
      .sort((a, b) => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1))
  }

  #of(tenantId: string): IteratorObject<PushSubscriptionRecord> {
    return (this.#byTenant.get(tenantId) ?? new Map<string, PushSubscriptionRecord>()).values()
  }

  #remember(subscription: PushSubscriptionRecord): void {
    const { id, tenantId } = subscription
    this.#known.set(id, subscription)
    const ofTenant = this.#byTenant.get(tenantId) ?? new Map<string, PushSubscriptionRecord>()
    this.#byTenant.set(tenantId, ofTenant.set(id, subscription))
  }

  #forget(id: string): void {
    const tenantId = this.#known.get(id)?.tenantId ?? ''
    this.#known.delete(id)
    this.#validity.delete(id)
    const ofTenant = this.#byTenant.get(tenantId)
    ofTenant?.delete(id)
    if (ofTenant?.size === 0) this.#byTenant.delete(tenantId)
  }

  async #removeOver(): Promise<void> {
    const over = [...this.#known.values()].filter(subscription => !this.#isInForce(subscription))
    await this.#remove(over.map(({ id }) => id))
  }

  async #remove(ids: string[]): Promise<void> {
    const known = ids.filter(id => this.#known.has(id))
    if (known.length === 0) return
    const revision = await this.#parts.store.removeSubscriptions(known)
    // After a change of another node, all is read again.
    if (revision === this.#revision + 1) this.#revision = revision
    for (const id of known) this.#forget(id)
  }

  #isInForce(subscription: PushSubscriptionRecord): boolean {
    const { id, expiresAt } = subscription
    if (expiresAt !== null && expiresAt <= Date.now()) return false
    return this.#scopesOf(subscription) !== undefined && (this.#validity.get(id)?.() ?? true)
  }

  #scopesOf({ createdBy, keyVersion }: PushSubscriptionRecord) {
    return this.#parts.standing.scopesOf(createdBy, keyVersion)
  }

  async #openKeys(): Promise<PushKeys> {
    const { store, sealer, sender } = this.#parts
    const stored = await store.loadKeys()
    try {
      if (stored) return unsealKeys(stored, sealer)
    } catch (error) {
      if (!(error instanceof CannotUnseal)) throw error
      this.#parts.onKeysReplaced()
    }
    const keys = sender.makeKeys()
    this.#revision = await store.replaceKeys(sealKeys(keys, sealer), this.#revision)
    for (const id of [...this.#known.keys()]) this.#forget(id)
    return keys
  }
}

function covers(subscription: PushSubscriptionRecord, sessionId: string): boolean {
  return subscription.sessionId === null || subscription.sessionId === sessionId
}

function tooMany(fact: string, limit: number): ServiceError<'PUSH_SUBSCRIPTION_LIMIT_REACHED'> {
  return new ServiceError('PUSH_SUBSCRIPTION_LIMIT_REACHED', `${fact}; delete one first`, { limit })
}
