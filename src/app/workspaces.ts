import { realpath } from 'node:fs/promises'
import type { Logger } from 'pino'
import { markerVariable } from '../claude/process/process-tree.ts'
import { resolveDirectory } from '../sessions/files/working-directory.ts'
import type { SessionsOptions } from '../sessions/options.ts'
import type { AddressForwarder, Store, Workspaces } from '../sessions/ports/index.ts'
import { Git } from '../workspace/git/git-command.ts'
import { createWorkspaces } from '../workspace/workspaces.ts'

/** The environment variables that git needs to be found and to reach servers. */
const gitVariables = new Set([
  ...['PATH', 'HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY', 'ALL_PROXY'],
  ...['http_proxy', 'https_proxy', 'no_proxy', 'all_proxy', 'SSL_CERT_FILE', 'SSL_CERT_DIR'],
])

export interface WorkspacesOptions {
  dataDir: string
  workspacesDir: string
  cloneUrls: readonly string[]
  cloneTimeoutMs: number
  agentEnvironment: Readonly<Record<string, string>>
  /** A marker in the environment of every git process, which identifies those left by a crash. */
  gitMarker: string
}

/** Opens the session directories of this machine; some directories are off limits for sessions. */
export async function openWorkspaces(
  { agentEnvironment, gitMarker, ...own }: WorkspacesOptions,
  options: SessionsOptions,
  store: Store,
  forwarder: AddressForwarder,
  log: Logger,
): Promise<{ workspaces: Workspaces; options: SessionsOptions; git: Git; tops: string[] }> {
  const real = (path: string) => realpath(path).catch(() => path)
  const reserved = [own.dataDir, own.workspacesDir]
  const reservedDirectories = await Promise.all(reserved.map(real))
  const allowedRoots = await Promise.all(options.allowedRoots.map(real))
  const tops = [...allowedRoots, await real(own.workspacesDir)]
  const policy = { ...options, reservedDirectories }
  const variables = Object.entries(agentEnvironment).filter(([name]) => gitVariables.has(name))
  const git = new Git({ ...Object.fromEntries(variables), [markerVariable]: gitMarker }, own.dataDir)
  const workspaces = createWorkspaces({
    ...own,
    store: store.fileHistory,
    forwarder,
    git,
    places: { allowedRoots, reserved: reservedDirectories },
    resolveDirectory: (path, field) => resolveDirectory(field, path, policy),
    log,
  })
  return { workspaces, options: policy, git, tops }
}
