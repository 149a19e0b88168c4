import { hash } from 'node:crypto'
import type { JWTPayload } from 'jose'
import { tenantName } from '../../contract/primitives.ts'
import { scopes as allScopes, type Scope } from '../../contract/scopes.ts'
import { toPlainName } from '../../lib/plain-name.ts'
import type { Caller } from '../../sessions/records.ts'

/** How the claims of a token become a caller. */
export interface ClaimMapping {
  subjectClaim: string
  tenantClaim?: string | undefined
  /** Values of the claim and their tenants; undefined: the value is the name of the tenant. */
  tenants?: Readonly<Record<string, string>> | undefined
  /** Of tokens without the claim; undefined: they are refused. */
  defaultTenant?: string | undefined
  scopeClaims: readonly string[]
  /** Values of the claims and their scopes; undefined: the values are names of scopes. */
  scopes?: Readonly<Record<string, readonly Scope[]>> | undefined
  nameClaims: readonly string[]
}

const longestName = 200
const longestSubject = 1_000

/** The reason for which a token is refused, for the log: without any text of the token. */
export class RefusedToken extends Error {
  override readonly name = 'RefusedToken'
}

/** @throws RefusedToken if the claims name no subject or no valid tenant */
export function toCaller(claims: JWTPayload, mapping: ClaimMapping): Omit<Caller, 'expiresAt'> {
  const subject = claimOf(claims, mapping.subjectClaim)
  if (typeof subject !== 'string' || subject === '' || subject.length > longestSubject) {
    throw new RefusedToken(`no subject in the claim ${mapping.subjectClaim}`)
  }
  return {
    tenantId: toTenant(claims, mapping),
    keyId: toKeyId(claims.iss ?? '', subject),
    name: toName(claims, mapping.nameClaims),
    scopes: new Set(toScopes(claims, mapping)),
    sessionId: null,
    isOperator: false,
  }
}

/** Stable per issuer and subject. Ids of keys have another form, so it never equals one. */
export function toKeyId(issuer: string, subject: string): string {
  return `token_${hash('sha256', JSON.stringify([issuer, subject]), 'hex').slice(0, 32)}`
}

function toTenant(claims: JWTPayload, { tenantClaim, tenants, defaultTenant }: ClaimMapping): string {
  const named = tenantClaim === undefined ? undefined : claimOf(claims, tenantClaim)
  if (named === undefined && defaultTenant !== undefined) return defaultTenant
  const values = textsOf(named)
  const mapped = tenants
    ? values.flatMap(value => (Object.hasOwn(tenants, value) ? (tenants[value] ?? []) : []))
    : values
  const [tenant, ...others] = new Set(mapped)
  if (tenant === undefined) throw new RefusedToken(`no tenant in the claim ${tenantClaim}`)
  if (others.length > 0) throw new RefusedToken(`several tenants in the claim ${tenantClaim}`)
  if (!tenantName.safeParse(tenant).success) {
    throw new RefusedToken(`no valid name of a tenant in the claim ${tenantClaim}`)
  }
  return tenant
}

/** `admin` is a word that providers use for other things, so it has to be mapped. */
function toScopes(claims: JWTPayload, { scopeClaims, scopes }: ClaimMapping): Scope[] {
  const values = scopeClaims.flatMap(name => {
    const value = claimOf(claims, name)
    // Scopes are words of one text (RFC 8693); groups and roles are lists.
    return typeof value === 'string' ? value.split(' ') : textsOf(value)
  })
  if (scopes) return values.flatMap(value => (Object.hasOwn(scopes, value) ? (scopes[value] ?? []) : []))
  return allScopes.filter(scope => scope !== 'admin' && values.includes(scope))
}

function toName(claims: JWTPayload, names: readonly string[]): string | null {
  for (const name of names) {
    const value = claimOf(claims, name)
    const text = typeof value === 'string' ? toPlainName(value).trim().slice(0, longestName) : ''
    if (text !== '') return text
  }
  return null
}

/** The text, or the texts of a list. */
function textsOf(value: unknown): string[] {
  return [value].flat().filter(item => typeof item === 'string')
}

/** The claim with this name, or at this path, such as `realm_access.roles`. Names can be URLs with dots. */
function claimOf(claims: JWTPayload, name: string): unknown {
  if (Object.hasOwn(claims, name)) return claims[name]
  let value: unknown = claims
  for (const part of name.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return undefined
    value = Reflect.get(value, part)
  }
  return value
}
