import { invalidField, ServiceError } from '../../contract/errors.ts'
import { toHostAndPort } from '../../lib/host-policy.ts'
import { allowsHost } from '../../lib/network-rule.ts'

export interface PushOptions {
  enabled: boolean
  /** Hosts of push services beside the known ones: `host`, `host:port`, `*.host` and `*.host:port`. */
  allowedHosts: readonly string[]
  /** A `mailto:` or `https:` URL for the operators of push services. */
  contact: string
}

/** The push services of browsers: Chrome and most others, Firefox, Safari, Edge. */
export const knownPushServices: readonly string[] = [
  'fcm.googleapis.com:443',
  'updates.push.services.mozilla.com:443',
  '*.push.apple.com:443',
  '*.notify.windows.com:443',
]

/** @throws ServiceError SETTING_NOT_ALLOWED */
export function requirePush({ enabled }: PushOptions): void {
  if (enabled) return
  throw new ServiceError(
    'SETTING_NOT_ALLOWED',
    "push: this server sends no pushes; this server's owner can allow it with push.enabled: true",
    { setting: 'push', option: 'push.enabled', allowed: [] },
  )
}

/** Whether the server sends to the host of an endpoint. */
export function isPushService(endpoint: string, { allowedHosts }: PushOptions): boolean {
  const url = URL.parse(endpoint)
  const target = url?.protocol === 'https:' ? toHostAndPort(url) : undefined
  return target !== undefined && allowsHost([...knownPushServices, ...allowedHosts], target)
}

/**
 * Refuses endpoints of other hosts than push services. Its addresses are checked for each message.
 *
 * @returns the host
 * @throws ServiceError SETTING_NOT_ALLOWED, INVALID_REQUEST
 */
export function checkEndpoint(endpoint: string, options: PushOptions): string {
  const url = new URL(endpoint)
  const target = toHostAndPort(url)
  if (!target) throw invalidField('endpoint', 'must have a valid host and port')
  if (isPushService(endpoint, options)) return url.host
  const allowed = [...knownPushServices, ...options.allowedHosts]
  throw new ServiceError(
    'SETTING_NOT_ALLOWED',
    `endpoint: ${url.host} is not a push service that this server knows; this server's owner can allow it with push.allowedHosts: ["${url.host}"]`,
    { setting: 'endpoint', option: 'push.allowedHosts', allowed },
  )
}
