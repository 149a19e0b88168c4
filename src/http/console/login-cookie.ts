import { createHmac, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'

/** Browsers send cookies to all ports of a host, so each server has a name of its own. */
export function cookieName(instance: string): string {
  return `cca_console_${instance}`
}

/**
 * Returns the value of a cookie. If there are several with the name, another host of the domain may have set one of
 * them, and none counts.
 */
export function readCookie({ headers }: IncomingMessage, name: string): string | undefined {
  const values = (headers.cookie ?? '').split(';').flatMap(pair => {
    const [key, ...value] = pair.trim().split('=')
    return key === name ? [value.join('=')] : []
  })
  const [value] = values
  return values.length === 1 && value !== undefined && /^[\w-]{43}$/.test(value) ? value : undefined
}

export interface CookieScope {
  name: string
  /** The path at which browsers find the console. */
  mount: string
  isSecure: boolean
}

/** Formats the header `Set-Cookie`; a lifetime of 0 removes the cookie. */
export function formatCookie(
  { name, mount, isSecure }: CookieScope,
  value: string,
  lifetimeMs: number,
): string {
  const attributes = [
    `${name}=${value}`,
    // A semicolon in the path would begin another attribute.
    `Path=${mount === '' ? '/' : mount.replaceAll(';', '%3B')}`,
    `Max-Age=${Math.floor(lifetimeMs / 1000)}`,
    'HttpOnly',
    'SameSite=Strict',
    ...(isSecure ? ['Secure'] : []),
  ]
  return attributes.join('; ')
}

/** The token that every change made with a login must carry. It follows from the secret, so it is not stored. */
export function toCsrfToken(secret: string): string {
  return createHmac('sha256', secret).update('csrf token of the console').digest('base64url')
}

/** Compares in constant time. */
export function isCsrfToken(sent: unknown, secret: string): boolean {
  const expected = Buffer.from(toCsrfToken(secret))
  const given = Buffer.from(typeof sent === 'string' ? sent : '')
  return given.length === expected.length && timingSafeEqual(given, expected)
}
