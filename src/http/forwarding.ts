import { isIP } from 'node:net'
import express, { type Request } from 'express'
import { ConfigError } from '../lib/config-error.ts'
import type { Arrival } from './nodes.ts'
import type { HttpOptions } from './options.ts'

type Trust = (address: string, hop: number) => boolean

/** The information from trusted proxies in front of the router. */
export interface Forwarding {
  /** The caller's address: the nearest address that is not a trusted proxy. */
  addressOf(req: Request): string
  /** The hosts that the caller requested, as reported by a trusted proxy. */
  hostsOf(req: Request): string[]
  /** The path at which the caller found what answers now. */
  mountOf(req: Request): string
  /** The prefix of links in responses: a URL, or a path on the caller's origin. */
  baseOf(req: Request): string
}

/**
 * @param arrivalOf the facts of a request that another node or a door has forwarded
 * @throws ConfigError if `trustProxy` has invalid addresses
 */
export function createForwarding(
  { trustProxy, publicUrl }: Pick<HttpOptions, 'trustProxy' | 'publicUrl'>,
  arrivalOf: (req: Request) => Pick<Arrival, 'address' | 'base'> | undefined = () => undefined,
): Forwarding {
  const own = trustProxy === undefined ? undefined : compileTrust(trustProxy)
  const trustFor = (req: Request): Trust => own ?? req.app.get('trust proxy fn')
  const isFromProxy = (req: Request) => trustFor(req)(req.socket.remoteAddress ?? '', 0)
  const mountOf = (req: Request) => (isFromProxy(req) ? prefixOf(req) : '') + req.baseUrl
  return {
    addressOf(req) {
      const arrival = arrivalOf(req)
      if (arrival) return arrival.address
      const trust = trustFor(req)
      const peer = req.socket.remoteAddress ?? ''
      const hops = [peer, ...listOf(req, 'x-forwarded-for').map(toAddress).reverse()]
      let address = peer
      for (let hop = 0; hop < hops.length - 1 && trust(address, hop); hop++) {
        const next = hops[hop + 1]
        // A text that is not an address would let callers choose their own rate-limit bucket.
        if (next === undefined) break
        address = next
      }
      return address
    },
    hostsOf: req => (isFromProxy(req) ? listOf(req, 'x-forwarded-host') : []),
    mountOf,
    baseOf: req => arrivalOf(req)?.base ?? publicUrl ?? mountOf(req),
  }
}

/** Returns the values of a header that proxies append to. */
export function listOf(req: Request, name: string): string[] {
  return (req.headersDistinct[name] ?? []).flatMap(text => text.split(',')).map(text => text.trim())
}

function compileTrust(value: NonNullable<HttpOptions['trustProxy']>): Trust {
  try {
    // Express interprets the forms of this setting.
    return express().set('trust proxy', value).get('trust proxy fn')
  } catch (cause) {
    throw new ConfigError('trustProxy', `cannot be used: ${(cause as Error).message}`, { cause })
  }
}

/** Some proxies add the port. */
function toAddress(text: string): string | undefined {
  const [, bracketed, withPort] = /^(?:\[([^\]]*)\](?::\d+)?|(\d+\.\d+\.\d+\.\d+):\d+)$/.exec(text) ?? []
  const address = bracketed ?? withPort ?? text
  return isIP(address) ? address : undefined
}

const prefix = /^(?:\/(?:[\w.~-]|%[\da-f]{2})+)+$/i

/** Returns the path that proxies have stripped, outermost first; empty if one of the values is not a path. */
function prefixOf(req: Request): string {
  const parts = listOf(req, 'x-forwarded-prefix').map(text => text.replace(/\/$/, ''))
  const path = parts.join('')
  const isPath =
    path.length <= 1000 && prefix.test(path) && !/\/\.{1,2}(\/|$)/.test(path.replace(/%2e/gi, '.'))
  return isPath && parts.every(part => part === '' || part.startsWith('/')) ? path : ''
}
