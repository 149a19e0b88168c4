import { formatHostAndPort, HostPolicy, parseHostAndPort, toHostAndPort } from '../../lib/host-policy.ts'
import type { Log } from '../../lib/log.ts'
import { allowsHost, type NetworkRule } from '../../lib/network-rule.ts'
import type { ForwardingContext } from '../../sessions/ports/index.ts'
import type { Connector } from '../connector.ts'
import { BoxChannel } from './agent-channel.ts'
import { findProviderHosts, namesAddress, readModelAccess } from './model-access.ts'

/** The port in the box, beyond the ports that systems give to outgoing connections. */
export const boxPort = 61_616

export interface ChannelPolicy {
  /** Default: `boxPort`. */
  port?: number | undefined
  network: NetworkRule
  allowedPrivateHosts: readonly string[]
  /** The environment that the operator gives to Claude Code. */
  environment: Readonly<Record<string, string>>
  log: Pick<Log, 'warn'>
}

/**
 * Opens the channel of one process. The address of the model's API that the operator has configured may be private;
 * one that the session sets is checked like any address of a caller, and gets the session's credentials alone.
 */
export function openChannel(
  { port = boxPort, network, allowedPrivateHosts, environment, log }: ChannelPolicy,
  connector: Connector,
  own: Readonly<Record<string, string>>,
  context: ForwardingContext,
  onClosed: () => void,
): BoxChannel {
  const access = readModelAccess(namesAddress(own) ? own : { ...environment, ...own })
  const upstream = access.kind === 'forwarded' ? access.upstream : undefined
  const target = upstream && toHostAndPort(upstream)
  const trusted = target && !namesAddress(own) ? [formatHostAndPort(target)] : allowedPrivateHosts
  const needed = access.kind === 'direct' ? findProviderHosts(environment).map(formatHostAndPort) : []
  // Private hosts are for the programs in the box only if the operator names them in both options.
  const listed = network === 'all' ? [] : allowedPrivateHosts.filter(entry => isListed(network, entry))
  const rule = network === 'all' ? network : [...(network === 'none' ? [] : network), ...needed]
  return new BoxChannel({
    port,
    access,
    connectors: {
      model: connector.with(new HostPolicy(trusted)),
      mcp: connector.with(new HostPolicy(allowedPrivateHosts), network),
      programs: connector.with(new HostPolicy([...listed, ...needed]), rule),
    },
    isOpen: network === 'all',
    context,
    log,
    onClosed,
  })
}

function isListed(network: NetworkRule, entry: string): boolean {
  const target = parseHostAndPort(entry)
  return target !== undefined && allowsHost(network, target)
}
