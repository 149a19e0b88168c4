import { isIPv6 } from 'node:net'
import { z } from 'zod'
import { ConfigError } from '../lib/config-error.ts'
import { parseAuthority } from '../lib/host-name.ts'
import type { Environment } from './env.ts'
import type { TrustProxy } from './options.ts'

/** The browsers and proxies that may be between callers and the API. */
export interface BrowserAccess {
  cors: { origins: readonly string[] }
  /** Names with or without a port, as `parseAuthority` writes them. */
  allowedHosts: readonly string[]
  /** Without a trailing slash. */
  publicUrl: string | undefined
  /** Undefined: the host application's setting. */
  trustProxy: TrustProxy | undefined
}

const origin = z.string().transform((text, context) => {
  const normalised = toOrigin(text)
  if (normalised !== undefined) return normalised
  context.addIssue('must be an origin such as https://app.example.com, without a path; "*" is not possible')
  return z.NEVER
})

const host = z.string().transform((text, context) => {
  const authority = parseAuthority(isIPv6(text) ? `[${text}]` : text)
  if (authority && !text.includes('*'))
    return authority.port === undefined ? authority.name : `${authority.name}:${authority.port}`
  context.addIssue('must be a host name such as api.example.com, with or without a port')
  return z.NEVER
})

const publicUrl = z.string().transform((text, context) => {
  const url = URL.canParse(text) ? new URL(text) : undefined
  const usable = url && /^https?:$/.test(url.protocol) && !url.username && !url.password
  if (url && usable && !url.search && !url.hash) return url.href.replace(/\/+$/, '')
  context.addIssue(
    'must be an http or https URL such as https://example.com/api/v1, without query and fragment',
  )
  return z.NEVER
})

export const browserAccessOptions = {
  cors: z.strictObject({ origins: z.array(origin).optional() }).prefault({}),
  allowedHosts: z.array(host).optional(),
  publicUrl: publicUrl.optional(),
  trustProxy: z
    .custom<TrustProxy>(isTrustProxy, 'must be true, false, a number of hops, addresses, or a function')
    .meta({ type: ['boolean', 'integer', 'string', 'array'] })
    .optional(),
}

const list = z.string().transform(text => text.split(',').flatMap(item => item.trim() || []))
const environment = z.object({
  CLAUDE_CODE_API_CORS_ORIGINS: list.pipe(z.array(origin)).optional(),
  CLAUDE_CODE_API_ALLOWED_HOSTS: list.pipe(z.array(host)).optional(),
  CLAUDE_CODE_API_PUBLIC_URL: publicUrl.optional(),
  CLAUDE_CODE_API_TRUST_PROXY: z.string().transform(parseTrustProxy).optional(),
})

type Given = { [Name in keyof typeof browserAccessOptions]: z.output<(typeof browserAccessOptions)[Name]> }

/** @throws ConfigError that names the invalid environment variable */
export function resolveBrowserAccess(given: Partial<Given>, env: Environment): BrowserAccess {
  const needed = {
    CLAUDE_CODE_API_CORS_ORIGINS: given.cors?.origins,
    CLAUDE_CODE_API_ALLOWED_HOSTS: given.allowedHosts,
    CLAUDE_CODE_API_PUBLIC_URL: given.publicUrl,
    CLAUDE_CODE_API_TRUST_PROXY: given.trustProxy,
  }
  // A variable that is empty counts as unset; one whose option is given does not count at all.
  const texts = Object.entries(needed).flatMap(([name, value]) =>
    value === undefined && env[name] ? [[name, env[name]]] : [],
  )
  const result = environment.safeParse(Object.fromEntries(texts))
  if (!result.success) {
    const [issue] = result.error.issues
    throw new ConfigError(String(issue?.path[0]), issue?.message ?? 'is not valid')
  }
  const fromEnv = result.data
  return {
    cors: { origins: given.cors?.origins ?? fromEnv.CLAUDE_CODE_API_CORS_ORIGINS ?? [] },
    allowedHosts: given.allowedHosts ?? fromEnv.CLAUDE_CODE_API_ALLOWED_HOSTS ?? [],
    publicUrl: given.publicUrl ?? fromEnv.CLAUDE_CODE_API_PUBLIC_URL,
    trustProxy: given.trustProxy ?? fromEnv.CLAUDE_CODE_API_TRUST_PROXY,
  }
}

/** Parses the textual forms of `trustProxy`: `true`, `false`, a number of hops, or comma-separated addresses. */
export function parseTrustProxy(text: string): TrustProxy {
  if (text === 'true' || text === 'false') return text === 'true'
  return /^\d+$/.test(text) ? Number(text) : text
}

/** Returns an origin as browsers write it; undefined for any other text. */
function toOrigin(text: string): string | undefined {
  if (!/^[a-z][a-z\d+.-]*:\/\/[^\s/?#@,*\\]+$/i.test(text) || !URL.canParse(text)) return undefined
  const { origin, protocol } = new URL(text)
  // Applications and browser extensions have their own schemes, for which the URL standard defines no origin.
  return /^https?:$/.test(protocol) ? origin : text.toLowerCase()
}

function isTrustProxy(value: unknown): boolean {
  if (typeof value === 'number') return Number.isInteger(value) && value >= 0
  if (Array.isArray(value)) return value.every(item => typeof item === 'string')
  return ['boolean', 'string', 'function'].includes(typeof value)
}
