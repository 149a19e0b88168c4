import type { HostAndPort } from '../lib/host-policy.ts'

/** Returns the proxy for a target from the operator's environment; undefined: none. */
export type FindProxy = (target: HostAndPort, secure: boolean) => URL | undefined

/**
 * Reads HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY as curl does; lower-case names take precedence.
 *
 * @throws Error when the function meets a proxy that is not `http:` or `https:`
 */
export function createFindProxy(environment: Readonly<Record<string, string>>): FindProxy {
  const read = (name: string) => environment[name.toLowerCase()] || environment[name] || ''
  const exceptions = read('NO_PROXY')
    .toLowerCase()
    .split(/[\s,]+/)
    .filter(entry => entry !== '')
  return (target, secure) => {
    const name = secure ? 'HTTPS_PROXY' : 'HTTP_PROXY'
    const value = read(name) || read('ALL_PROXY')
    if (value === '' || exceptions.some(entry => matches(entry, target))) return undefined
    const url = value.includes('://') ? value : `http://${value}`
    if (!/^https?:/.test(url) || !URL.canParse(url)) throw new Error(`${name} must be an http or https proxy`)
    return new URL(url)
  }
}

function matches(entry: string, { host, port }: HostAndPort): boolean {
  if (entry === '*') return true
  const [, name = '', only] = /^(.*?)(?::(\d+))?$/.exec(entry.replace(/^\[(.*)\]/, '$1')) ?? []
  // An IPv6 address contains colons.
  if (entry === host || entry === `[${host}]`) return true
  if (only !== undefined && Number(only) !== port) return false
  const plain = name.replace(/^\*?\./, '')
  return host === plain || host.endsWith(`.${plain}`)
}
