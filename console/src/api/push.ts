import { stored } from '../lib/stored.ts'
import { client, mount } from './connection.ts'

/** Under this name the browser keeps the id of its subscription. */
export const ownSubscription = 'pushSubscription'

/** How long a logout waits for the end of the notifications, in milliseconds. */
const mostMs = 3_000

export interface PushChoice {
  events: ('request' | 'turn_ended')[]
  /** Whether messages carry the session's title. */
  includeTitle: boolean
}

/** Why this browser cannot be told of anything; null: it can. */
export function whyNoPush(): string | null {
  if (!window.isSecureContext) {
    return 'Browsers allow notifications over https or on localhost only. Open the console at such an address.'
  }
  if (!('serviceWorker' in navigator && 'PushManager' in window && 'Notification' in window)) {
    return 'This browser has no push notifications. On an iPhone, add the console to the home screen and open it there.'
  }
  if (Notification.permission === 'denied') {
    return 'Notifications of this page are blocked. Allow them in the settings of the browser.'
  }
  return null
}

async function registration(): Promise<ServiceWorkerRegistration> {
  await navigator.serviceWorker.register(`${mount}/sw.js`, { scope: `${mount}/` })
  return navigator.serviceWorker.ready
}

function toBytes(base64url: string): Uint8Array<ArrayBuffer> {
  const text = atob(base64url.replaceAll('-', '+').replaceAll('_', '/'))
  return Uint8Array.from(text, character => character.charCodeAt(0))
}

function isSameKey(one: ArrayBuffer | null | undefined, other: Uint8Array): boolean {
  if (!one) return false
  const bytes = new Uint8Array(one)
  return bytes.length === other.length && bytes.every((byte, index) => byte === other[index])
}

/** The browser's subscription for this server's key; one for another key is of no use. */
async function subscribe(): Promise<PushSubscription> {
  const { pushManager } = await registration()
  const { publicKey } = await client.call('getPushKey')
  const applicationServerKey = toBytes(publicKey)
  const before = await pushManager.getSubscription()
  if (before && isSameKey(before.options.applicationServerKey, applicationServerKey)) return before
  await before?.unsubscribe()
  return pushManager.subscribe({ userVisibleOnly: true, applicationServerKey })
}

/**
 * Has this browser told of what happens. The server knows a browser by its endpoint, so that a second call changes
 * the choice.
 *
 * @returns the id of the subscription
 */
export async function turnOnPush(choice: PushChoice): Promise<string> {
  if ((await Notification.requestPermission()) !== 'granted')
    throw new DOMException('Notifications were not allowed', 'NotAllowedError')
  const { endpoint, expirationTime, keys } = (await subscribe()).toJSON()
  const { p256dh = '', auth = '' } = keys ?? {}
  const body = {
    endpoint: endpoint ?? '',
    expirationTime: expirationTime ?? null,
    keys: { p256dh, auth },
    ...choice,
  }
  return (await client.call('createPushSubscription', { body })).subscriptionId
}

export async function turnOffPush(subscriptionId: string): Promise<void> {
  // Each is tried, whatever becomes of the other: one alone ends the notifications.
  const [deleted, unsubscribed] = await Promise.allSettled([
    client.call('deletePushSubscription', { params: { subscriptionId } }),
    unsubscribe(),
  ])
  if (deleted.status === 'rejected') throw deleted.reason
  if (unsubscribed.status === 'rejected') throw unsubscribed.reason
}

async function unsubscribe(): Promise<void> {
  const found = await navigator.serviceWorker?.getRegistration(`${mount}/`)
  await (await found?.pushManager.getSubscription())?.unsubscribe()
}

/**
 * Ends the notifications of this browser, if it has any, before its login ends.
 *
 * @returns false: they may still come
 */
export async function endOwnPush(): Promise<boolean> {
  const subscriptionId = stored.get(ownSubscription)
  if (subscriptionId === null) return true
  stored.set(ownSubscription, null)
  const ended = turnOffPush(subscriptionId).then(
    () => true,
    () => false,
  )
  // The push service of the browser may be out of reach.
  return Promise.race([ended, new Promise<false>(resolve => setTimeout(resolve, mostMs, false))])
}

/** Calls back when a person has chosen a notification. */
export function onNotificationChosen(open: (path: string) => void): () => void {
  const { serviceWorker } = navigator
  if (!serviceWorker) return () => {}
  const listener = ({ data }: MessageEvent) => {
    if (data?.type === 'open' && typeof data.path === 'string') open(`/${data.path}`)
  }
  serviceWorker.addEventListener('message', listener)
  return () => serviceWorker.removeEventListener('message', listener)
}
