import { z } from 'zod'
import { tenantName } from '../contract/primitives.ts'
import { scope } from '../contract/scopes.ts'
import { isSafeToTrust } from '../lib/host-name.ts'

/** Signatures of key pairs. With a shared secret, the provider's public key would be the secret. */
const algorithms = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
] as const

const text = z.string().min(1)
const claim = text.max(200)

/** Keys that arrive over an open network could be anyone's. */
const providerUrl = z
  .string()
  .refine(isProviderUrl, 'must be an https URL without query and fragment; http only on a loopback name')

export const tokensSchema = z
  .strictObject({
    issuer: providerUrl,
    audiences: z.array(text).min(1),
    jwksUrl: providerUrl.optional(),
    algorithms: z
      .array(z.enum(algorithms))
      .min(1)
      .default([...algorithms]),
    types: z.array(text.toLowerCase()).min(1).default(['at+jwt', 'jwt']),
    clockSkewMs: z.int().min(0).max(300_000).default(30_000),
    staleKeysMs: z.int().min(600_000).max(604_800_000).default(3_600_000),
    subjectClaim: claim.default('sub'),
    tenantClaim: claim.optional(),
    tenants: z.record(text, tenantName).optional(),
    defaultTenant: tenantName.optional(),
    scopeClaims: z.array(claim).min(1).default(['scope', 'scp']),
    scopes: z.record(text, z.array(scope)).optional(),
    nameClaims: z.array(claim).default(['name', 'preferred_username', 'email', 'client_id']),
  })
  .superRefine(({ tenantClaim, tenants, defaultTenant }, context) => {
    if (tenantClaim === undefined && defaultTenant === undefined) {
      const message = 'must be set unless tenantClaim is: every token belongs to a tenant'
      context.addIssue({ code: 'custom', path: ['defaultTenant'], message })
    }
    if (tenantClaim === undefined && tenants !== undefined) {
      const message = 'has no effect without tenantClaim'
      context.addIssue({ code: 'custom', path: ['tenants'], message })
    }
  })

export type ResolvedTokens = z.infer<typeof tokensSchema>

function isProviderUrl(given: string): boolean {
  if (!URL.canParse(given)) return false
  const url = new URL(given)
  return isSafeToTrust(url) && !/[?#]/.test(given) && !url.username && !url.password
}
