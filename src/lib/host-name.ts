/** The host of a URL or of a `Host` header. */
export interface Authority {
  /** Lower case, without a trailing dot; IPv6 in brackets, in its shortest form. */
  name: string
  /** Undefined: the scheme's default port. */
  port: string | undefined
}

/** Parses `name`, `name:port`, `1.2.3.4` or `[::1]:port`; undefined for any other text, such as one with a user. */
export function parseAuthority(text: string): Authority | undefined {
  const [, host = '', port] = /^(\[[\da-f:.]+\]|[^\s:/?#@\\[\]%,]+)(?::(\d{0,5}))?$/i.exec(text) ?? []
  if (host === '' || !URL.canParse(`http://${host}`)) return undefined
  const name = new URL(`http://${host}`).hostname.replace(/\.$/, '')
  return name === '' ? undefined : { name, port: port ? String(Number(port)) : undefined }
}

/** Whether browsers always resolve the name to their own machine, regardless of DNS. */
export function isLoopbackName(name: string): boolean {
  return (
    name === 'localhost' ||
    name.endsWith('.localhost') ||
    /^127(\.\d{1,3}){3}$/.test(name) ||
    name === '[::1]' ||
    /^\[::ffff:7f[\da-f]{2}:[\da-f]{1,4}\]$/.test(name)
  )
}

/** Whether a server that listens there is reached from this machine alone. */
export function isLoopbackAddress(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host)
}

/** Whether answers of the URL's host cannot be forged on the way: over TLS, or without leaving this machine. */
export function isSafeToTrust(url: URL): boolean {
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopbackName(url.hostname))
}
