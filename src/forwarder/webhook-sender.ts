import type { IncomingMessage } from 'node:http'
import type { OutgoingWebhook, WebhookResponse } from '../sessions/ports/index.ts'
import { AddressRefused, type Connector, Unreachable } from './connector.ts'
import { Upstream } from './upstream.ts'

/** The part of a response that is read before its connection is closed. */
const readBytes = 64 * 1024
const readMs = 1_000

/**
 * Posts a webhook. Each one has a connection of its own, so its address is checked each time, and nothing is left
 * open.
 *
 * @throws when the signal aborts
 */
export async function postWebhook(connector: Connector, webhook: OutgoingWebhook): Promise<WebhookResponse> {
  const { url, headers, signal } = webhook
  const upstream = new Upstream(connector)
  try {
    const body = Buffer.from(webhook.body)
    const { response } = await upstream.send({
      url,
      method: 'POST',
      headers: { ...headers },
      body,
      followsRedirects: false,
      signal,
    })
    await discard(response)
    return { status: response.statusCode ?? 0, retryAfter: response.headers['retry-after'] }
  } catch (error) {
    if (signal.aborted) throw error
    if (error instanceof AddressRefused) return { refused: 'address_refused', message: error.message }
    if (error instanceof Unreachable) return { refused: 'unreachable', message: error.message }
    const { code } = error as NodeJS.ErrnoException
    // Errors of connections have a code; anything else is a bug.
    if (code === undefined) throw error
    return { refused: 'unreachable', message: `No valid response from ${url.hostname}: ${code}` }
  } finally {
    upstream.close()
  }
}

/** Reads a little of the body, because receivers report connections that are closed too early as errors. */
async function discard(response: IncomingMessage): Promise<void> {
  const timer = setTimeout(() => response.destroy(), readMs)
  let bytes = 0
  try {
    for await (const chunk of response) {
      bytes += chunk.length
      if (bytes > readBytes) break
    }
  } catch {
    // The status is known, and that is all that counts.
  } finally {
    clearTimeout(timer)
    response.destroy()
  }
}
