const timeoutMs = 5_000
const maxBytes = 512 * 1024

/**
 * Reads a JSON object. Redirects are refused, since they could lead to any address.
 *
 * @throws Error if the response is not one, is too large or does not come in time
 */
export async function fetchJson(url: string): Promise<object> {
  const signal = AbortSignal.timeout(timeoutMs)
  const response = await fetch(url, { redirect: 'error', signal, headers: { accept: 'application/json' } })
  if (response.status !== 200) {
    await response.body?.cancel()
    throw new Error(`the response has status ${response.status}`)
  }
  const parts: Uint8Array[] = []
  let bytes = 0
  for await (const part of response.body ?? []) {
    bytes += part.byteLength
    if (bytes > maxBytes) throw new Error(`the response is larger than ${maxBytes} bytes`)
    parts.push(part)
  }
  const value = parse(Buffer.concat(parts).toString())
  if (typeof value !== 'object' || value === null) throw new Error('the response is not a JSON object')
  return value
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // The parser's message would quote the response.
    return undefined
  }
}
