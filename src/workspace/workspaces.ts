import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { tenantName } from '../contract/primitives.ts'
import type { FileHistoryStore, WorkspaceProvider, Workspaces } from '../sessions/ports/index.ts'
import { defaultTenantId } from '../sessions/records.ts'
import { FileCheckpoints } from './history/checkpoints.ts'
import { LocalDiffs } from './history/diffs.ts'
import { KeptContents } from './history/kept-contents.ts'
import { GitSnapshots } from './history/snapshots.ts'
import { type PortableOptions, StoredWorkspaces } from './portable/portable-workspaces.ts'
import { LocalWorkspaceProvider, listHolders, type ProviderParts, readMark } from './provisioning/provider.ts'

/** The directories of one tenant. */
export type TenantPlaces = Pick<ProviderParts, 'places' | 'cloneUrls' | 'resolveDirectory'>

export interface WorkspacesParts extends Omit<ProviderParts, 'directory' | 'repositories' | 'tenantId'> {
  /** The places of a tenant other than the default one; left out: all have the same. */
  placesOf?: (tenantId: string) => TenantPlaces
  store: FileHistoryStore
  dataDir: string
  workspacesDir: string
  /** Whether other nodes may be making directories in `workspacesDir`. Default: false. */
  isShared?: boolean
  /** Where files may lie of which checkpoints are kept; left out: the allowed roots and `workspacesDir`. */
  roots?: readonly string[]
  /** Left out: directories stay where they are. */
  portable?: PortableOptions | undefined
}

/** How long another node may take to store a session once its directory is complete, in milliseconds. */
const storingMs = 5 * 60_000

/** Opens the workspaces. Git and checkpoints use the data directory, with one directory per session. */
export function createWorkspaces(parts: WorkspacesParts): Workspaces {
  const { store, dataDir, workspacesDir, placesOf, roots, portable, isShared = false, ...rest } = parts
  const { git } = rest
  const directory = join(dataDir, 'file-history')
  const contents = new KeptContents(directory)
  const checkpoints = new FileCheckpoints(
    store,
    contents,
    roots ?? [...rest.places.allowedRoots, workspacesDir],
  )
  const ofTenant = (tenantId: string): TenantPlaces =>
    (tenantId === defaultTenantId ? undefined : placesOf?.(tenantId)) ?? rest
  const snapshots = new GitSnapshots(store, git, directory, tenantId => ofTenant(tenantId).places, rest.log)
  const repositories = join(dataDir, 'repositories')
  const directoryOf = (tenantId: string) =>
    tenantId === defaultTenantId ? workspacesDir : join(workspacesDir, tenantId)
  const providers = new Map<string, WorkspaceProvider>()
  function providerOf(tenantId: string): WorkspaceProvider {
    const known = providers.get(tenantId)
    if (known) return known
    const provider = new LocalWorkspaceProvider({
      ...rest,
      ...ofTenant(tenantId),
      tenantId,
      repositories,
      directory: directoryOf(tenantId),
    })
    providers.set(tenantId, provider)
    return provider
  }
  return {
    providerOf,
    async list() {
      // Leftovers of requests that a crash has interrupted.
      await rm(repositories, { recursive: true, force: true })
      const names = await readdir(workspacesDir).catch(() => [])
      const tenants = [defaultTenantId, ...names.filter(name => tenantName.safeParse(name).success)]
      const lists = tenants.map(async tenantId => {
        const madeBefore = isShared ? Date.now() - rest.cloneTimeoutMs - storingMs : Number.POSITIVE_INFINITY
        const holders = await listHolders(directoryOf(tenantId), madeBefore)
        return holders.map(holder => ({ tenantId, read: () => readMark(holder) }))
      })
      return (await Promise.all(lists)).flat()
    },
    snapshots,
    checkpoints,
    portable: portable && new StoredWorkspaces({ ...portable, directoryOf, providerOf, log: rest.log }),
    diffs: new LocalDiffs(snapshots, checkpoints, contents, rest.log),
    close: () => git.close(),
    async forget(sessionId) {
      await rm(join(directory, sessionId), { recursive: true, force: true })
    },
  }
}
