import type { IncomingMessage } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { Unreachable } from './connector.ts'

export const maxBodyBytes = 32 * 1024 * 1024

/**
 * Reads the body of a request, so that it can be sent again after a redirect; undefined: there is none.
 * @throws Unreachable if it is too large
 */
export async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  if (request.method !== 'POST') return undefined
  let length = 0
  request.on('data', (chunk: Buffer) => {
    length += chunk.length
    if (length > maxBodyBytes) request.destroy(new Unreachable('The request is too large'))
  })
  return buffer(request)
}
