import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTHeaderParameters } from 'jose'
import { ServiceError } from '../../contract/errors.ts'
import { isSafeToTrust } from '../../lib/host-name.ts'
import type { Log } from '../../lib/log.ts'
import { settlesWithin } from '../../lib/settles-within.ts'
import { fetchJson } from './fetch-json.ts'

/** Keys older than this are fetched again. */
const refreshAfterMs = 600_000
/** How long a token waits for fresh keys while older ones are known. */
const patienceMs = 1_000
/** Fetches in a row, and how often another one becomes possible: tokens of strangers can cause no more. */
const burst = 5
const fetchEveryMs = 20_000

export interface ProviderKeysOptions {
  issuer: string
  /** Undefined: as the issuer's discovery document says. */
  jwksUrl: string | undefined
  /** How long keys may be used after they were last fetched. */
  staleKeysMs: number
  log: Pick<Log, 'warn'>
  /** The time as a duration, which setting the clock does not change. */
  now?: () => number
}

type FindKey = ReturnType<typeof createLocalJWKSet>

/**
 * The public keys of an identity provider, fetched when a token needs them. The address is the operator's, so they are
 * fetched directly: the forwarder is for addresses of callers, and would refuse a provider in a private network.
 */
export class ProviderKeys {
  readonly #options: ProviderKeysOptions
  readonly #now: () => number
  #known: { find: FindKey; fetchedAt: number } | undefined
  #fetching: Promise<void> | undefined
  #allowance = burst
  #allowanceAt: number

  constructor(options: ProviderKeysOptions) {
    this.#options = options
    this.#now = options.now ?? (() => performance.now())
    this.#allowanceAt = this.#now()
  }

  /**
   * Finds the key that a token names. A key that is not known yet may be new, so the keys are fetched again.
   *
   * @throws JOSEError if the provider has no such key
   * @throws ServiceError IDENTITY_PROVIDER_UNAVAILABLE if there are no keys, or only keys that are too old
   */
  async find(header: JWTHeaderParameters): ReturnType<FindKey> {
    const known = await this.#current()
    try {
      return await known.find(header)
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error
      // Another token may have had them fetched meanwhile.
      if (this.#known === known) await this.fetch()
      if (this.#known === known || !this.#known) throw error
      return await this.#known.find(header)
    }
  }

  /** Fetches the keys if the allowance permits; failures are logged. Simultaneous calls share one fetch. */
  async fetch(): Promise<void> {
    if (!this.#fetching && this.#takeAllowance()) {
      this.#fetching = this.#fetchKeys().finally(() => {
        this.#fetching = undefined
      })
    }
    await this.#fetching
  }

  async #current() {
    if (!this.#known) await this.fetch()
    else if (this.#ageMs > refreshAfterMs) await settlesWithin(this.fetch(), patienceMs)
    if (this.#known && this.#ageMs <= this.#options.staleKeysMs) return this.#known
    throw new ServiceError('IDENTITY_PROVIDER_UNAVAILABLE', 'The token cannot be verified at the moment')
  }

  get #ageMs(): number {
    return this.#known ? this.#now() - this.#known.fetchedAt : Number.POSITIVE_INFINITY
  }

  #takeAllowance(): boolean {
    const now = this.#now()
    const earned = Math.floor((now - this.#allowanceAt) / fetchEveryMs)
    this.#allowance = Math.min(burst, this.#allowance + earned)
    this.#allowanceAt += earned * fetchEveryMs
    if (this.#allowance === 0) return false
    this.#allowance--
    return true
  }

  async #fetchKeys(): Promise<void> {
    const { issuer, jwksUrl, log } = this.#options
    try {
      const keys = await fetchJson(jwksUrl ?? (await this.#discover()))
      // Checks the form.
      this.#known = { find: createLocalJWKSet(keys as JSONWebKeySet), fetchedAt: this.#now() }
    } catch (error) {
      const { message, cause } = error as Error
      const reason = cause instanceof Error ? `${message}: ${cause.message}` : message
      log.warn({ issuer, reason }, 'keys of the identity provider not fetched')
    }
  }

  /** @throws Error if the document is another issuer's, or names an address that anyone on the way could answer for */
  async #discover(): Promise<string> {
    const { issuer } = this.#options
    const document = await fetchJson(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`)
    const { issuer: named, jwks_uri: address } = document as { issuer?: unknown; jwks_uri?: unknown }
    if (named !== issuer) throw new Error('the discovery document has another issuer')
    if (typeof address !== 'string' || !URL.canParse(address)) {
      throw new Error('the discovery document has no jwks_uri')
    }
    if (!isSafeToTrust(new URL(address))) {
      throw new Error('the jwks_uri of the discovery document is not an https URL')
    }
    return address
  }
}
