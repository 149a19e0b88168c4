import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'

/** Returns an unguessable text for URLs and headers. */
export function makeToken(): string {
  return randomBytes(32).toString('base64url')
}

/** Returns the password of `Proxy-Authorization`. */
export function readPassword({ headers }: IncomingMessage): string | undefined {
  const [, encoded] = /^Basic (\S+)$/i.exec(headers['proxy-authorization'] ?? '') ?? []
  return encoded && Buffer.from(encoded, 'base64').toString().split(':')[1]
}

/** Compares in constant time. */
export function isSameToken(given: string, token: string): boolean {
  return timingSafeEqual(digest(given), digest(token))
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
