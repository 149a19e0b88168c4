import { isIP } from 'node:net'
import { type HostAndPort, toHostAndPort } from './host-policy.ts'

/** The hosts that may be reached: none, all, or a list of `host`, `host:port`, `*.host` and `*.host:port`. */
export type NetworkRule = 'none' | 'all' | readonly string[]

interface Entry extends Pick<HostAndPort, 'host'> {
  /** Whether the entry stands for all names below the host instead of the host. */
  isWildcard: boolean
  ports: readonly number[]
}

/** The ports of an entry that names none. */
const webPorts = [80, 443]

/** Parses an entry of a list of hosts; undefined for any other text. */
export function parseNetworkEntry(text: string): Entry | undefined {
  const [, wildcard, host = '', port] =
    /^(\*\.)?(\[[0-9a-f:.]+\]|[^\s:/?#@*[\]\\]+)(?::(\d{1,5}))?$/i.exec(text) ?? []
  if (!URL.canParse(`http://${host}:${port ?? 1}/`)) return undefined
  const target = toHostAndPort(new URL(`http://${host}:${port ?? 1}/`))
  if (!target || (wildcard && isIP(target.host) !== 0)) return undefined
  return { host: target.host, isWildcard: wildcard !== undefined, ports: port ? [target.port] : webPorts }
}

/** Whether a rule allows a host. Malformed entries have no effect. */
export function allowsHost(rule: NetworkRule, { host, port }: HostAndPort): boolean {
  if (typeof rule === 'string') return rule === 'all'
  return rule.some(text => {
    const entry = parseNetworkEntry(text)
    if (!entry?.ports.includes(port)) return false
    return entry.isWildcard ? host.endsWith(`.${entry.host}`) : host === entry.host
  })
}
