import { invalidField, ServiceError } from '../../contract/errors.ts'
import { formatHostAndPort, HostPolicy, toHostAndPort } from '../../lib/host-policy.ts'
import type { SessionsOptions } from '../options.ts'

export interface AddressOptions extends Pick<SessionsOptions, 'policyOf'> {
  /** `host:port` of hosts that need not be public. */
  allowedPrivateHosts?: readonly string[]
  allowHttpWebhooks?: boolean
}

/**
 * Refuses URLs that can be seen to be unencrypted or to lead to a private address. Names are checked for each attempt.
 *
 * @throws ServiceError SETTING_NOT_ALLOWED, INVALID_REQUEST
 */
export function checkAddress(text: string, options: AddressOptions): void {
  const { allowedPrivateHosts: allowed = [] } = options
  const policy = new HostPolicy(allowed)
  const url = new URL(text)
  const target = toHostAndPort(url)
  if (!target) throw invalidField('url', 'must have a valid host and port')
  const entry = `allowedPrivateHosts: ["${formatHostAndPort(target)}"]`
  if (policy.refusesByName(target)) {
    throw new ServiceError(
      'SETTING_NOT_ALLOWED',
      `url: ${target.host} is not a public address; this server's owner can allow it with ${entry}`,
      { setting: 'url', option: 'allowedPrivateHosts', allowed: [...allowed] },
    )
  }
  if (isEncryptedEnough(url, options)) return
  throw new ServiceError(
    'SETTING_NOT_ALLOWED',
    `url: must begin with https://; this server's owner can allow http with allowHttpWebhooks, or for this host with ${entry}`,
    { setting: 'url', option: 'allowHttpWebhooks', allowed: ['https'] },
  )
}

/** Whether the server may post to this URL: by TLS, or because its owner allows plain HTTP there. */
export function isEncryptedEnough(url: URL, options: AddressOptions): boolean {
  if (url.protocol === 'https:' || options.allowHttpWebhooks) return true
  const target = toHostAndPort(url)
  return target !== undefined && new HostPolicy(options.allowedPrivateHosts ?? []).lists(target)
}
