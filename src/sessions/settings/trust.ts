import { isInside } from '../../lib/paths.ts'
import type { SessionRecord } from '../records.ts'

/** The directories whose contents may run programs. Paths are real paths. */
export interface TrustPolicy {
  trustedRoots: readonly string[]
  /** Addresses of repositories; an entry that ends with `/` covers everything below it. */
  trustedCloneUrls: readonly string[]
  /** The server's own directories; only a trusted clone in them is trusted. */
  reservedDirectories?: readonly string[] | undefined
}

/**
 * Returns whether the owner of the server trusts a file or directory: it lies inside a trusted root, or inside the
 * session's clone of a trusted URL.
 *
 * @param realPath absolute, symbolic links resolved
 * @param workspace the session's, where the path is one of a session
 */
export function isTrusted(
  realPath: string,
  workspace: SessionRecord['workspace'],
  policy: TrustPolicy,
): boolean {
  if (workspace && isInside(workspace.path, realPath)) return isTrustedClone(workspace, policy)
  if (policy.reservedDirectories?.some(directory => isInside(directory, realPath))) return false
  return policy.trustedRoots.some(root => isInside(root, realPath))
}

function isTrustedClone(
  workspace: NonNullable<SessionRecord['workspace']>,
  { trustedCloneUrls }: TrustPolicy,
): boolean {
  if (workspace.type !== 'git') return false
  // Hosts let a shallow fetch name a commit of any fork: such a commit need not be the trusted repository's.
  if (workspace.depth !== null && workspace.ref !== null && /^[0-9a-f]{40,64}$/.test(workspace.ref)) {
    return false
  }
  const address = toAddress(workspace.url)
  return address !== undefined && trustedCloneUrls.some(entry => covers(entry, address))
}

function toAddress(url: string): string | undefined {
  if (url.startsWith('/')) return url
  const parsed = URL.parse(url)
  return parsed ? `${parsed.protocol}//${parsed.host}${parsed.pathname}` : undefined
}

function covers(entry: string, address: string): boolean {
  return entry.endsWith('/') ? address.startsWith(entry) : withoutSuffix(address) === withoutSuffix(entry)
}

function withoutSuffix(address: string): string {
  return address.replace(/\/+$/, '').replace(/\.git$/, '')
}
