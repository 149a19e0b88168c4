import { z } from 'zod'
import { parseNetworkEntry } from '../lib/network-rule.ts'

/** Web push: browsers are told when a request waits for a person or a turn is over. */
export interface PushConfig {
  /** Whether browsers can subscribe and messages are sent. Default: true. */
  enabled?: boolean
  /**
   * Hosts of push services, in addition to those of Chrome, Firefox, Safari and Edge: `host`, `host:port`, `*.host` and
   * `*.host:port`. A private host must also be in `allowedPrivateHosts`. Default: none.
   */
  allowedHosts?: string[]
  /**
   * An address at which the operators of push services reach you: `mailto:` or `https:`. Apple refuses names that do
   * not resolve, such as `localhost`. Default: the page of this package.
   */
  contact?: string
}

/** The contact of operators who name none: Apple's push service refuses names that do not resolve. */
const packagePage = 'https://www.npmjs.com/package/claude-code-http-api'

export const pushSchema = z.strictObject({
  enabled: z.boolean().default(true),
  allowedHosts: z
    .array(
      z
        .string()
        .refine(
          text => parseNetworkEntry(text) !== undefined,
          'must be a host, host:port or *.host, such as push.example.com or *.example.com:8443',
        ),
    )
    .default([]),
  contact: z.string().max(500).refine(isContact, 'must be a mailto: or https: URL').default(packagePage),
})

export interface ResolvedPush {
  enabled: boolean
  allowedHosts: readonly string[]
  contact: string
}

function isContact(text: string): boolean {
  const url = URL.parse(text)
  if (url?.protocol === 'mailto:') return /^[^\s@]+@[^\s@]+$/.test(url.pathname)
  return url?.protocol === 'https:'
}
