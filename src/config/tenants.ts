import path from 'node:path'
import { z } from 'zod'
import { type CallerLimits, callerLimits } from '../contract/caller-limits.ts'
import { tenantName } from '../contract/primitives.ts'
import { ConfigError } from '../lib/config-error.ts'
import { resolveTrustedPlaces } from './trusted-places.ts'

const defaultTenant = 'default'
const directories = z.array(z.string().min(1)).min(1)

/** The schema of `tenants`; `allowed` has the schemas of options that tenants have as well. */
export function tenantsSchema<C extends z.ZodType>(allowed: { cloneUrls: C }) {
  return z
    .record(
      tenantName,
      z.strictObject({
        allowedRoots: directories.optional(),
        defaultCwd: z.string().min(1).optional(),
        trustedRoots: directories.optional(),
        trustedCloneUrls: z.array(z.string().min(1)).default([]),
        cloneUrls: allowed.cloneUrls,
        allowBypassPermissions: z.boolean().default(false),
        allowStdioMcpServers: z.boolean().default(false),
        limits: callerLimits.default({}),
      }),
    )
    .default({})
}

/** A tenant of the configuration. Paths are absolute. */
export interface TenantConfig {
  /** Empty: its sessions work only in directories that the server makes for them. */
  allowedRoots: readonly string[]
  defaultCwd: string
  trustedRoots: readonly string[]
  trustedCloneUrls: readonly string[]
  cloneUrls: readonly string[]
  allowBypassPermissions: boolean
  allowStdioMcpServers: boolean
}

export interface ResolvedTenants {
  /** The tenants of the configuration but `default`. */
  readonly tenants: ReadonlyMap<string, TenantConfig>
  /** The limits of tenants that have some. */
  readonly tenantLimits: ReadonlyMap<string, CallerLimits>
}

type Given = z.output<ReturnType<typeof tenantsSchema<z.ZodType<string[]>>>>

/**
 * Resolves the tenants. What a tenant has of its own are its roots; nothing is taken over from the top level, which
 * belongs to the tenant `default`.
 *
 * @throws ConfigError that names the invalid entry
 */
export function resolveTenants(
  given: Given,
  places: { dataDir: string; workspacesDir: string },
): ResolvedTenants {
  const tenants = new Map<string, TenantConfig>()
  const tenantLimits = new Map<string, CallerLimits>()
  for (const [name, { limits, ...tenant }] of Object.entries(given)) {
    if (Object.keys(limits).length > 0) tenantLimits.set(name, limits)
    if (name === defaultTenant) refuseOwnPlaces(tenant)
    else tenants.set(name, resolveTenant(name, tenant, places))
  }
  return { tenants, tenantLimits }
}

/** The policy of a tenant that the configuration does not name. */
export function unnamedTenant(
  name: string,
  { workspacesDir }: { workspacesDir: string },
  cloneUrls: readonly string[] = ['https://'],
): TenantConfig {
  return {
    allowedRoots: [],
    defaultCwd: path.join(workspacesDir, name),
    trustedRoots: [],
    trustedCloneUrls: [],
    cloneUrls,
    allowBypassPermissions: false,
    allowStdioMcpServers: false,
  }
}

function resolveTenant(
  name: string,
  { allowedRoots, defaultCwd, trustedRoots, trustedCloneUrls, ...rest }: Omit<Given[string], 'limits'>,
  places: { dataDir: string; workspacesDir: string },
): TenantConfig {
  const roots = (allowedRoots ?? []).map(root => path.resolve(root))
  const [first = path.join(places.workspacesDir, name)] = roots
  try {
    const trusted = resolveTrustedPlaces(
      { trustedRoots: trustedRoots ?? [], trustedCloneUrls },
      { allowedRoots: roots, ...places },
      {},
    )
    return { ...rest, ...trusted, allowedRoots: roots, defaultCwd: path.resolve(defaultCwd ?? first) }
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    throw new ConfigError(`tenants.${name}.${error.field}`, error.problem)
  }
}

/** The top level has them. */
function refuseOwnPlaces(tenant: Partial<Omit<Given[string], 'limits'>>): void {
  const { allowedRoots, defaultCwd, trustedRoots, trustedCloneUrls = [] } = tenant
  const given = {
    allowedRoots,
    defaultCwd,
    trustedRoots,
    ...(trustedCloneUrls.length > 0 && { trustedCloneUrls }),
  }
  const [field] = Object.entries(given).find(([, value]) => value !== undefined) ?? []
  const flag = (['allowBypassPermissions', 'allowStdioMcpServers'] as const).find(name => tenant[name])
  const named = field ?? flag
  if (named === undefined) return
  throw new ConfigError(
    `tenants.${defaultTenant}.${named}`,
    `belongs to the top level: the tenant ${defaultTenant} has the options there`,
  )
}
