import { defaultTenantId } from '../sessions/records.ts'
import type { KeyRegistry } from './key-registry.ts'
import type { ClaimMapping } from './tokens/claims.ts'

export interface TenantSources {
  /** Tenants of the configuration, but `default`. */
  tenants: { readonly size: number }
  auth: {
    /** Undefined: no tokens are accepted. */
    tokens: Pick<ClaimMapping, 'tenantClaim' | 'defaultTenant'> | undefined
  }
}

/** Whether a server has callers of another tenant than `default`, or can have them by its configuration. */
export function hasSeveralTenants(
  { tenants, auth: { tokens } }: TenantSources,
  registry: Pick<KeyRegistry, 'hasOtherTenants'>,
): boolean {
  const ofTokens = tokens && (tokens.tenantClaim !== undefined || tokens.defaultTenant !== defaultTenantId)
  return tenants.size > 0 || ofTokens === true || registry.hasOtherTenants
}
