import { hash } from 'node:crypto'
import { decodeJwt, errors, type JWTPayload, jwtVerify } from 'jose'
import { ServiceError } from '../../contract/errors.ts'
import type { Log } from '../../lib/log.ts'
import type { RememberedToken } from '../../sessions/ports/index.ts'
import type { Caller } from '../../sessions/records.ts'
import type { CredentialTrace, KnownCaller } from '../caller-directory.ts'
import { type ClaimMapping, RefusedToken, toCaller } from './claims.ts'
import { ProviderKeys } from './provider-keys.ts'

/** The tokens that a server accepts; the resolved configuration satisfies it. */
export interface TokensOptions extends ClaimMapping {
  issuer: string
  audiences: readonly string[]
  jwksUrl?: string | undefined
  algorithms: readonly string[]
  /** In lower case. */
  types: readonly string[]
  clockSkewMs: number
  staleKeysMs: number
}

/** The longest token that is looked at. */
const longestToken = 16_384
/** The last second that a date can have. */
const lastSecond = 8_640_000_000_000

/** Whether a credential has the form of a signed token. */
export function looksLikeToken(credential: string): boolean {
  return /^[\w-]+\.[\w-]+\.[\w-]*$/.test(credential)
}

/** Recognizes bearer tokens of one identity provider. */
export class TokenCallers {
  readonly #options: TokensOptions
  readonly #keys: ProviderKeys
  /** Changes with every option: what a token opened under other options says nothing about today. */
  readonly #provider: string

  constructor(options: TokensOptions, log: Pick<Log, 'warn'>) {
    this.#options = options
    this.#provider = hash('sha256', JSON.stringify(options))
    const { issuer, jwksUrl, staleKeysMs } = options
    this.#keys = new ProviderKeys({ issuer, jwksUrl, staleKeysMs, log })
  }

  /** Fetches the provider's keys before the first token needs them; a failure is only logged. */
  prepare(): Promise<void> {
    return this.#keys.fetch()
  }

  /**
   * Verifies a token.
   *
   * @param onRefused gets the reason, without any text of the token
   * @returns undefined for a token that is refused
   * @throws ServiceError IDENTITY_PROVIDER_UNAVAILABLE
   */
  async find(token: string, onRefused: (reason: string) => void): Promise<KnownCaller | undefined> {
    try {
      const claims = await this.#verify(token)
      const expiresAt = Math.floor((claims.exp ?? 0) * 1000)
      return this.#known({ ...toCaller(claims, this.#options), expiresAt }, expiresAt)
    } catch (error) {
      if (error instanceof ServiceError) throw error
      onRefused(reasonOf(error))
      return undefined
    }
  }

  remember({ name, expiresAt }: Caller): RememberedToken {
    return { name, expiresAt: expiresAt ?? 0, provider: this.#provider }
  }

  /** The caller of a token that was verified before; undefined: it has expired, or the options have changed. */
  recall({ tenantId, createdBy, scopes, token }: CredentialTrace): KnownCaller | undefined {
    if (token?.provider !== this.#provider) return undefined
    const { name, expiresAt } = token
    const caller = { tenantId, keyId: createdBy, name, scopes: new Set(scopes), sessionId: null }
    const known = this.#known({ ...caller, isOperator: false, expiresAt }, expiresAt)
    return known.isValid() ? known : undefined
  }

  #known(caller: Caller, expiresAt: number): KnownCaller {
    const endsAt = expiresAt + this.#options.clockSkewMs
    const { tenantId, keyId: createdBy, scopes } = caller
    const trace = {
      tenantId,
      createdBy,
      credentialHash: '',
      scopes: [...scopes],
      token: this.remember(caller),
    }
    return { caller, isValid: () => Date.now() < endsAt, trace }
  }

  async #verify(token: string): Promise<JWTPayload> {
    const { issuer, audiences, algorithms, types, clockSkewMs } = this.#options
    if (token.length > longestToken) throw new RefusedToken('too long')
    // Before the signature is checked: a token of another issuer must not have keys fetched.
    if (decodeJwt(token).iss !== issuer) throw new RefusedToken('claim iss')
    const { payload, protectedHeader } = await jwtVerify(token, header => this.#keys.find(header), {
      issuer,
      audience: [...audiences],
      algorithms: [...algorithms],
      clockTolerance: Math.ceil(clockSkewMs / 1000),
      requiredClaims: ['exp'],
    })
    const { exp = 0, iat } = payload
    if (!(exp > 0 && exp < lastSecond)) throw new RefusedToken('claim exp')
    if (iat !== undefined && iat * 1000 > Date.now() + clockSkewMs) throw new RefusedToken('claim iat')
    const type = protectedHeader.typ?.toLowerCase().replace(/^application\//, '') ?? 'jwt'
    if (!types.includes(type)) throw new RefusedToken('type')
    // The caller would have to prove that it has a key, which a bearer does not.
    if (payload.cnf !== undefined) throw new RefusedToken('bound to a key of its caller')
    return payload
  }
}

/** The messages of `jose` can contain text of the token, so only its codes and names of claims are used. */
function reasonOf(error: unknown): string {
  if (error instanceof RefusedToken) return error.message
  if (error instanceof errors.JWTExpired) return 'expired'
  if (error instanceof errors.JWTClaimValidationFailed) return `claim ${error.claim}`
  return error instanceof errors.JOSEError ? error.code : 'not verifiable'
}
