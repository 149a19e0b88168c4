import { isIP } from 'node:net'
import { formatHostAndPort, type HostAndPort } from '../lib/host-policy.ts'
import type { CloneForwarding } from '../sessions/ports/index.ts'
import type { Connector } from './connector.ts'

type Plan = Pick<CloneForwarding, 'address' | 'settings' | 'environment'>

/** Names that no exception of the operator's environment leads past the forwarder. */
export const noExceptions = { NO_PROXY: '', no_proxy: '' }

/**
 * How git and ssh reach a host without HTTP: they are given the address that was checked.
 * @throws AddressRefused
 */
export async function planWithoutHttp(url: URL, target: HostAndPort, connector: Connector): Promise<Plan> {
  // The operator may name a host in the configuration of ssh, where the system does not know it.
  if (connector.policy.lists(target)) return { address: url.href, settings: {}, environment: {} }
  const pinned = await connector.pin(target)
  if (url.protocol === 'git:') {
    const literal = isIP(pinned) === 6 ? `[${pinned}]` : pinned
    const address = `git://${literal}:${target.port}${url.pathname}`
    return { address, settings: {}, environment: { GIT_OVERRIDE_VIRTUAL_HOST: formatHostAndPort(target) } }
  }
  // Keys of hosts stay under the name, as ssh notes them.
  const alias = target.port === 22 ? target.host : `[${target.host}]:${target.port}`
  const command = `ssh -oBatchMode=yes -oHostName=${pinned} '-oHostKeyAlias=${alias}' -oCanonicalizeHostname=no`
  return { address: url.href, settings: {}, environment: { GIT_SSH_COMMAND: command } }
}
