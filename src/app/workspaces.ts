import { realpath } from 'node:fs/promises'
import type { Logger } from 'pino'
import { markerVariable } from '../claude/process/process-tree.ts'
import { type TenantConfig, unnamedTenant } from '../config/tenants.ts'
import { resolveDirectory } from '../sessions/files/working-directory.ts'
import type { SessionsOptions, TenantPolicy } from '../sessions/options.ts'
import type { AddressForwarder, Store, Workspaces } from '../sessions/ports/index.ts'
import type { GitBox } from '../workspace/git/git-box.ts'
import { Git } from '../workspace/git/git-command.ts'
import type { PortableOptions } from '../workspace/portable/portable-workspaces.ts'
import { createWorkspaces, type TenantPlaces } from '../workspace/workspaces.ts'

/** The environment variables that git needs to be found and to reach servers. */
const gitVariables = new Set([
  ...['PATH', 'HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY', 'ALL_PROXY'],
  ...['http_proxy', 'https_proxy', 'no_proxy', 'all_proxy', 'SSL_CERT_FILE', 'SSL_CERT_DIR'],
])

export interface WorkspacesOptions {
  dataDir: string
  workspacesDir: string
  cloneUrls: readonly string[]
  tenants: ReadonlyMap<string, TenantConfig>
  cloneTimeoutMs: number
  agentEnvironment: Readonly<Record<string, string>>
  /** A marker in the environment of every git process, which identifies those left by a crash. */
  gitMarker: string
  /** Undefined: git runs without a box. */
  gitBox: GitBox | undefined
  /** Whether other nodes may use `workspacesDir` too. */
  isShared: boolean
  /** Undefined: there are no snapshots of directories. */
  snapshotsDir: string | undefined
  /** Undefined: directories stay where they are. */
  portable: PortableOptions | undefined
}

/** Opens the session directories of this machine; some directories are off limits for sessions. */
export async function openWorkspaces(
  { agentEnvironment, gitMarker, gitBox, ...own }: WorkspacesOptions,
  options: SessionsOptions,
  store: Store,
  forwarder: AddressForwarder,
  log: Logger,
): Promise<{ workspaces: Workspaces; options: SessionsOptions; git: Git; tops: string[] }> {
  const real = (path: string) => realpath(path).catch(() => path)
  const reserved = [own.dataDir, own.workspacesDir, ...(own.snapshotsDir ? [own.snapshotsDir] : [])]
  const reservedDirectories = await Promise.all(reserved.map(real))
  const allowedRoots = await Promise.all(options.allowedRoots.map(real))
  const otherRoots = [...own.tenants.values()].flatMap(tenant => tenant.allowedRoots)
  const tops = [...allowedRoots, ...(await Promise.all(otherRoots.map(real))), await real(own.workspacesDir)]
  const ofTenant = tenantPlaces(own, reservedDirectories)
  const policy = {
    ...options,
    reservedDirectories,
    policyOf: (tenantId: string) => ofTenant(tenantId).policy,
  }
  const variables = Object.entries(agentEnvironment).filter(([name]) => gitVariables.has(name))
  const environment = { ...Object.fromEntries(variables), [markerVariable]: gitMarker }
  const git = new Git(environment, own.dataDir, gitBox)
  const workspaces = createWorkspaces({
    ...own,
    store: store.fileHistory,
    forwarder,
    git,
    places: { allowedRoots, reserved: reservedDirectories },
    resolveDirectory: (path, field) => resolveDirectory(field, path, policy),
    placesOf: ofTenant,
    roots: tops,
    log,
  })
  return { workspaces, options: policy, git, tops }
}

/** The directories of each tenant but the default one, resolved when it is first asked for. */
function tenantPlaces(
  { tenants, workspacesDir }: Pick<WorkspacesOptions, 'tenants' | 'workspacesDir'>,
  reservedDirectories: readonly string[],
): (tenantId: string) => TenantPlaces & { policy: TenantPolicy } {
  const known = new Map<string, TenantPlaces & { policy: TenantPolicy }>()
  return tenantId => {
    const before = known.get(tenantId)
    if (before) return before
    const tenant = tenants.get(tenantId) ?? unnamedTenant(tenantId, { workspacesDir })
    const { allowedRoots, cloneUrls } = tenant
    const defaultWorkspace = allowedRoots.length > 0 ? ('directory' as const) : ('empty' as const)
    // Hosts that need not be public are those of the default tenant.
    const policy = { ...tenant, defaultWorkspace, reservedDirectories, allowedPrivateHosts: [] }
    const places = {
      policy,
      cloneUrls,
      places: { allowedRoots, reserved: reservedDirectories },
      resolveDirectory: (path: string, field: string) => resolveDirectory(field, path, policy),
    }
    known.set(tenantId, places)
    return places
  }
}
