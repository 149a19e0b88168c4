import { isIP } from 'node:net'
import { formatHostAndPort, type HostAndPort } from '../lib/host-policy.ts'
import type { CloneForwarding } from '../sessions/ports/index.ts'
import type { Connector } from './connector.ts'

type Plan = Pick<CloneForwarding, 'address' | 'settings' | 'environment'>

/** Names that NO_PROXY in the operator's environment cannot exempt from the forwarder. */
export const noExceptions = { NO_PROXY: '', no_proxy: '' }

/**
 * Plans how git and ssh reach a host without HTTP: they connect to the checked address.
 * @throws AddressRefused
 */
export async function planWithoutHttp(url: URL, target: HostAndPort, connector: Connector): Promise<Plan> {
  // The host may be an alias in the operator's ssh configuration, which the system cannot resolve.
  if (connector.policy.lists(target)) return { address: url.href, settings: {}, environment: {} }
  const pinned = await connector.pin(target)
  if (url.protocol === 'git:') {
    const literal = isIP(pinned) === 6 ? `[${pinned}]` : pinned
    const address = `git://${literal}:${target.port}${url.pathname}`
    return { address, settings: {}, environment: { GIT_OVERRIDE_VIRTUAL_HOST: formatHostAndPort(target) } }
  }
  // Host keys stay under the name, as in ssh's known_hosts.
  const alias = target.port === 22 ? target.host : `[${target.host}]:${target.port}`
  const command = `ssh -oBatchMode=yes -oHostName=${pinned} '-oHostKeyAlias=${alias}' -oCanonicalizeHostname=no`
  return { address: url.href, settings: {}, environment: { GIT_SSH_COMMAND: command } }
}
