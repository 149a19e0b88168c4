import { hash, randomUUID } from 'node:crypto'
import { invalidField, notFound, ServiceError } from '../../contract/errors.ts'
import type { OperationInput } from '../../contract/operations.ts'
import type { PushEventType, PushMessage } from '../../contract/push.ts'
import type { Log } from '../../lib/log.ts'
import type { Sealer } from '../../lib/sealed-text.ts'
import type { SessionsCluster } from '../cluster.ts'
import type { CallerStanding, PushSender, RevisedMemory, Store } from '../ports/index.ts'
import type { PushSubscriptionRecord } from '../ports/push.ts'
import { type Caller, listedTenant } from '../records.ts'
import { withListener } from './committed-events.ts'
import { toContent } from './push-content.ts'
import { type DeliveryTiming, PushDelivery, type PushResult } from './push-delivery.ts'
import { checkEndpoint, type PushOptions, requirePush } from './push-options.ts'
import { PushRegistry } from './push-registry.ts'
import { checkPublicKey, sealTarget } from './push-secrets.ts'
import { type NoticeTiming, type SessionNotice, SessionNotices } from './session-notices.ts'

const hourMs = 60 * 60 * 1000
/** The longest life of a subscription of a caller whom the host application has named without an end. */
const hostCallerMs = 7 * 24 * hourMs
const disabled: PushOptions = { enabled: false, allowedHosts: [], contact: '' }

export interface PushParts {
  store: Store
  sealer: Sealer
  pushSender: PushSender
  standing: CallerStanding
  options: { push?: PushOptions }
  faults: Pick<Log, 'error'>
  /** Called with messages that were given up. */
  onPushFailed(subscription: PushSubscriptionRecord, result: PushResult): void
  /** Called when the keys could not be read, and all subscriptions have ended with them. */
  onPushKeysReplaced(): void
  /** Left out: see `session-notices.ts` and `push-delivery.ts`. */
  pushTiming?: NoticeTiming & DeliveryTiming
  /** Left out: no other node shares the store. */
  cluster?: SessionsCluster | undefined
}

interface ListQuery {
  limit: number
  offset: number
  position?: { at: number; id: string }
  /** The tenant that a caller of all tenants has named. */
  tenant?: string | undefined
}

/** Web push: tells browsers when a request waits for a person or a turn is over. */
export class Push {
  readonly #parts: PushParts
  readonly #options: PushOptions
  readonly #registry: PushRegistry
  readonly #notices: SessionNotices
  readonly #delivery: PushDelivery
  readonly #reporting = new Set<Promise<void>>()
  #sweeps: NodeJS.Timeout | undefined

  constructor(parts: PushParts) {
    this.#parts = parts
    this.#options = parts.options.push ?? disabled
    const { sealer, pushSender: sender, standing, pushTiming: timing } = parts
    this.#registry = new PushRegistry({
      store: parts.store.push,
      ...{ sealer, sender, standing },
      onKeysReplaced: () => parts.onPushKeysReplaced(),
    })
    this.#notices = new SessionNotices(notice => this.#note(notice), timing)
    this.#delivery = new PushDelivery({
      ...{ sender, sealer, timing, options: this.#options },
      keys: () => this.#registry.keys(),
      find: id => this.#registry.get(id),
      onGone: ({ id }) => void this.#registry.remove(id).catch(error => this.#onFault(error)),
      onFailed: (subscription, result) => parts.onPushFailed(subscription, result),
      onFault: error => this.#onFault(error),
    })
  }

  /** Returns a store that reports what is written through it. */
  listeningTo(store: Store): Store {
    if (!this.#options.enabled) return store
    return withListener(store, (tenantId, sessionId, events) => {
      if (this.#registry.hasListeners(tenantId, sessionId)) this.#notices.note(tenantId, sessionId, events)
    })
  }

  async open(): Promise<void> {
    if (!this.#options.enabled) return
    await this.#registry.open()
    const sweep = () => this.#registry.sweep().catch(error => this.#onFault(error))
    const isFirst = () => this.#parts.cluster?.isFirst() ?? true
    this.#sweeps = setInterval(() => isFirst() && sweep(), hourMs).unref()
  }

  /** The subscriptions in memory; undefined: there are none, because the server sends no messages. */
  get memory(): RevisedMemory | undefined {
    return this.#options.enabled ? this.#registry : undefined
  }

  /** Forgets messages that have not been sent. */
  async close(): Promise<void> {
    clearInterval(this.#sweeps)
    this.#notices.close()
    await Promise.all(this.#reporting)
    await this.#delivery.close()
    await this.#registry.changeAlone(async () => {})
  }

  /** @throws ServiceError SETTING_NOT_ALLOWED */
  async publicKey(): Promise<string> {
    requirePush(this.#options)
    return (await this.#registry.keys()).publicKey
  }

  /**
   * Creates a subscription, or renews the caller's own with the same endpoint.
   *
   * @param isValid whether the caller's key or token is still valid
   * @throws ServiceError SETTING_NOT_ALLOWED, SCOPE_REQUIRED, PUSH_SUBSCRIPTION_LIMIT_REACHED
   */
  async subscribe(
    caller: Caller,
    request: OperationInput<'createPushSubscription'>['body'],
    isValid: () => boolean,
  ): Promise<{ subscription: PushSubscriptionRecord; isNew: boolean }> {
    requirePush(this.#options)
    const { endpoint, expirationTime, keys, events, includeTitle } = request
    const service = checkEndpoint(endpoint, this.#options)
    checkPublicKey(keys.p256dh)
    if (expirationTime != null && expirationTime <= Date.now()) {
      throw invalidField('expirationTime', 'must be in the future')
    }
    const { tenantId, keyId, keyVersion = null, sessionId } = caller
    await this.#registry.keys()
    return this.#registry.changeAlone(async () => {
      const scopes = this.#parts.standing.scopesOf(keyId, keyVersion)
      // It may have been revoked while the request waited.
      if (!scopes || !isValid()) throw new ServiceError('INVALID_API_KEY', 'The API key is no longer valid')
      checkScopes(caller, request)
      const endpointHash = hash('sha256', endpoint, 'hex')
      const [before] = this.#registry.list(
        one => isOf(one, caller) && one.endpointHash === endpointHash && one.tenantId === tenantId,
      )
      if (!before) await this.#registry.makeRoom(tenantId, keyId)
      const owner = { id: before?.id ?? randomUUID(), tenantId }
      const target = { endpoint, p256dh: keys.p256dh, auth: keys.auth }
      const now = Date.now()
      const subscription: PushSubscriptionRecord = {
        ...owner,
        createdBy: keyId,
        ...{ keyVersion, sessionId, service, endpointHash, events, includeTitle },
        secrets: sealTarget(target, owner, this.#parts.sealer),
        createdAt: before?.createdAt ?? now,
        expiresAt: earliest(
          caller.expiresAt,
          expirationTime ?? null,
          keyId.startsWith('host:') ? now + hostCallerMs : null,
        ),
      }
      await this.#registry.save(subscription, keyId.startsWith('host:') ? isValid : undefined)
      return { subscription, isNew: !before }
    })
  }

  /** The caller's own, or all for a caller who administers the server; oldest first. */
  list(
    caller: Caller,
    { limit, offset, position, tenant }: ListQuery,
  ): { subscriptions: PushSubscriptionRecord[]; total: number } {
    const tenantId = listedTenant(caller, tenant)
    const all = this.#registry.list(
      one => isVisible(one, caller) && (tenantId === undefined || one.tenantId === tenantId),
    )
    const isBehind = ({ createdAt, id }: PushSubscriptionRecord) =>
      !position || createdAt > position.at || (createdAt === position.at && id > position.id)
    return { subscriptions: all.filter(isBehind).slice(offset, offset + limit), total: all.length }
  }

  /** Undefined: there is no such subscription. */
  tenantOf(subscriptionId: string): string | undefined {
    return this.#registry.get(subscriptionId)?.tenantId
  }

  /** @throws ServiceError PUSH_SUBSCRIPTION_NOT_FOUND */
  async remove(caller: Caller, subscriptionId: string): Promise<void> {
    await this.#registry.remove(this.#get(caller, subscriptionId).id)
  }

  /** @throws ServiceError PUSH_SUBSCRIPTION_NOT_FOUND, SETTING_NOT_ALLOWED, SHUTTING_DOWN */
  async test(caller: Caller, subscriptionId: string): Promise<PushResult> {
    const subscription = this.#get(caller, subscriptionId)
    requirePush(this.#options)
    const result = await this.#delivery.sendOnce(subscription, toContent(subscription.id, { kind: 'test' }))
    if (!result) throw new ServiceError('SHUTTING_DOWN', 'The server is shutting down')
    return result
  }

  #get(caller: Caller, subscriptionId: string): PushSubscriptionRecord {
    const subscription = this.#registry.get(subscriptionId)
    if (subscription && isVisible(subscription, caller)) return subscription
    throw notFound('PUSH_SUBSCRIPTION_NOT_FOUND', subscriptionId)
  }

  #note(notice: SessionNotice): void {
    const report = this.#report(notice)
      .catch(error => this.#onFault(error))
      .finally(() => this.#reporting.delete(report))
    this.#reporting.add(report)
  }

  async #report({ tenantId, sessionId, permissionIds, endedTurns }: SessionNotice): Promise<void> {
    const { store } = this.#parts
    const listeners = this.#registry.listeners(tenantId, sessionId)
    if (listeners.length === 0) return
    const session = await store.findSession(tenantId, sessionId)
    if (!session) return
    const pending = { status: 'pending' as const, limit: 1, offset: 0 }
    const { total: here } = await store.permissions.listPermissions(tenantId, { ...pending, sessionId })
    const isNeeded = listeners.some(listener => listener.sessionId === null)
    const everywhere = isNeeded ? (await store.permissions.listPermissions(tenantId, pending)).total : here
    const permissionId = here > 0 ? permissionIds.at(-1) : undefined
    for (const subscription of listeners) {
      const wants = (event: PushEventType) =>
        subscription.events.includes(event) && this.#registry.mayKnow(subscription, event)
      const what: Pick<PushMessage, 'kind' | 'permissionId' | 'count'> | undefined =
        permissionId !== undefined && wants('request')
          ? { kind: 'request', permissionId, count: here }
          : endedTurns > 0 && wants('turn_ended')
            ? { kind: 'turn_ended', count: endedTurns }
            : undefined
      if (!what) continue
      const showsTitle = subscription.includeTitle && this.#registry.mayKnow(subscription, 'title')
      const waiting = subscription.sessionId === null ? everywhere : here
      const title = showsTitle ? session.title : null
      this.#delivery.send(
        subscription.id,
        toContent(subscription.id, { ...what, sessionId, waiting, ...(title !== null && { title }) }),
      )
    }
  }

  #onFault(error: unknown): void {
    this.#parts.faults.error({ err: error }, 'push failed')
  }
}

function isOf({ createdBy }: PushSubscriptionRecord, { keyId }: Caller): boolean {
  return createdBy === keyId
}

function isVisible(subscription: PushSubscriptionRecord, caller: Caller): boolean {
  if (caller.isOperator) return true
  return isOf(subscription, caller) && subscription.tenantId === caller.tenantId
}

/** @throws ServiceError SCOPE_REQUIRED */
function checkScopes(
  { scopes }: Caller,
  { events, includeTitle }: { events: string[]; includeTitle: boolean },
) {
  const field = events.includes('turn_ended')
    ? 'events: turn_ended'
    : includeTitle
      ? 'includeTitle'
      : undefined
  if (field === undefined || scopes.has('sessions:read')) return
  throw new ServiceError('SCOPE_REQUIRED', `${field} needs a key with the scope sessions:read`, {
    anyOf: ['sessions:read'],
  })
}

function earliest(...times: (number | null)[]): number | null {
  const known = times.filter(time => time !== null)
  return known.length > 0 ? Math.min(...known) : null
}
