import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http'

/** Of one connection alone (RFC 9110, 7.6.1). */
const hopByHop = new Set([
  ...['connection', 'keep-alive', 'proxy-connection', 'proxy-authenticate', 'proxy-authorization', 'te'],
  ...['trailer', 'transfer-encoding', 'upgrade'],
])

/** The headers that go from one connection to the next. @param dropped names in lower case */
export function toEndToEnd(
  headers: IncomingHttpHeaders,
  dropped: readonly string[] = [],
): OutgoingHttpHeaders {
  const named = (headers.connection ?? '').toLowerCase().split(/\s*,\s*/)
  const kept = Object.entries(headers).filter(
    ([name]) => !hopByHop.has(name) && !named.includes(name) && !dropped.includes(name),
  )
  return Object.fromEntries(kept)
}
