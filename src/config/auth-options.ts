import type { IncomingMessage } from 'node:http'
import type { Scope } from '../contract/scopes.ts'

export interface AuthConfig {
  /** Whether requests need a key. Default: true. */
  enabled?: boolean
  /** The header that carries the key; `Authorization: Bearer` always works as well. Default: `x-api-key`. */
  apiKeyHeader?: string
  /**
   * Keys that callers may use. Default: those in `CLAUDE_API_KEY`, `CLAUDE_API_KEYS` (comma-separated),
   * `CLAUDE_API_KEY_1`, `_2`, ...
   */
  apiKeys?: string[]
  /** More keys, given as SHA-256 hashes in hexadecimal. */
  keyHashes?: string[]
  /** Bearer tokens of an identity provider, which are accepted beside keys. Default: none. */
  tokens?: TokensConfig
  /**
   * Identifies the caller of each request in place of keys, for an application that has logins of its own. Returns
   * `undefined` for a request without a login (401). A failure, a result that is not valid, and no answer within
   * `authenticateTimeoutMs` are 500. See docs/guides/embedding.md.
   */
  authenticate?(
    req: CountedRequest,
  ): AuthenticatedCaller | undefined | Promise<AuthenticatedCaller | undefined>
  /** How long `authenticate` may take. Default: ten seconds. */
  authenticateTimeoutMs?: number
  /**
   * Whether `authenticate` reads nothing but a header that browsers never send on their own, such as `Authorization`
   * with a bearer token. Then requests of foreign web pages cannot have a caller, and are not checked for it. Must not
   * be set if it reads cookies, HTTP Basic or client certificates. Default: false.
   */
  readsHeaderOnly?: boolean
  /**
   * The operations that need a key, such as `POST /sessions/:id/messages`, or a path for all its methods.
   * Default: every operation except `/health` and `/ready`.
   */
  requireAuth?: string[]
}

/** The signed tokens (JWT) of an identity provider. See docs/guides/identity.md. */
export interface TokensConfig {
  /** The provider, exactly as in the claim `iss`: an `https` URL. `http` is possible on a loopback name. */
  issuer: string
  /** The names of this API at the provider; the claim `aud` must have one of them. */
  audiences: string[]
  /** The address of the provider's keys. Default: as its `/.well-known/openid-configuration` says. */
  jwksUrl?: string
  /** The signatures that are accepted; never those with a shared secret. Default: all asymmetric ones. */
  algorithms?: string[]
  /**
   * The types of tokens that are accepted, by their header `typ`; tokens without one count as `jwt`. Providers that
   * follow RFC 9068 need only `at+jwt`. Default: `at+jwt` and `jwt`.
   */
  types?: string[]
  /** How far the clocks of the provider and of this server may differ. Default: 30 seconds. */
  clockSkewMs?: number
  /** How long the provider's keys remain in use while it cannot be reached. Default: one hour. */
  staleKeysMs?: number
  /** The claim that names the user or program for all time. Default: `sub`. */
  subjectClaim?: string
  /** The claim that names the tenant; a path such as `org.id` works too. Default: none, see `defaultTenant`. */
  tenantClaim?: string
  /**
   * Values of `tenantClaim` and the tenants that they stand for; tokens with other values are refused. Default: the
   * value is the name of the tenant.
   */
  tenants?: Record<string, string>
  /** The tenant of tokens without `tenantClaim`. Default: they are refused. */
  defaultTenant?: string
  /** The claims that say what the caller may do; paths such as `realm_access.roles` work too. Default: `scope`, `scp`. */
  scopeClaims?: string[]
  /**
   * Values of these claims, such as groups, and the scopes that they give. Default: values that are the name of a scope
   * give it, except `admin`.
   */
  scopes?: Record<string, Scope[]>
  /** Claims with a name for people, as the audit log shows it; the first that the token has. Default: `name`, `preferred_username`, `email`, `client_id`. */
  nameClaims?: string[]
}

/** The caller of a request, as the application in which the API is mounted knows it. */
export interface AuthenticatedCaller {
  /** The tenant whose objects it sees: 1 to 63 of a-z, 0-9, `_` and `-`. */
  tenant: string
  /**
   * The user or program, the same for all time: 1 to 128 visible ASCII characters. `createdBy`, limits and the audit
   * log have it as `host:<tenant>:<subject>`.
   */
  subject: string
  /** Its permissions; `admin` administers its tenant. */
  scopes: Scope[]
  /** The only session that it opens. Default: all of the tenant. */
  sessionId?: string | null
  /** A name for people, as the audit log shows it. */
  name?: string | null
  /** When the login ends: event streams and waiting requests end then. A date or milliseconds since 1970. */
  expiresAt?: Date | number | null
  /**
   * Whether the login is still good. Called twice a second while a request of it is open, which ends when it is false.
   * Must answer at once, from memory.
   */
  isValid?(): boolean
}

/** The parts of Express's request that `authenticate` and `keyGenerator` can use; functions that take Express's own type fit too. */
export interface CountedRequest extends IncomingMessage {
  readonly ip: string | undefined
  readonly path: string
  readonly originalUrl: string
  get(header: string): string | undefined
}
