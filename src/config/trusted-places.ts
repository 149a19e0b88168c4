import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { ConfigError } from '../lib/config-error.ts'
import { isInside, toRealPath } from '../lib/paths.ts'
import type { Environment } from './env.ts'

export interface TrustedPlaces {
  trustedRoots: readonly string[]
  trustedCloneUrls: readonly string[]
}

/** The directories against which trusted roots are checked. */
export interface ServerDirectories {
  allowedRoots: readonly string[]
  dataDir: string
  workspacesDir: string
}

/**
 * Resolves trusted roots to real paths, and normalizes trusted clone URLs. Sessions create the contents of
 * `workspacesDir`, so a trusted root must not be inside it or inside the data directory.
 *
 * @throws ConfigError that names the invalid entry
 */
export function resolveTrustedPlaces(
  given: { trustedRoots?: string[] | undefined; trustedCloneUrls: string[] },
  { allowedRoots, dataDir, workspacesDir }: ServerDirectories,
  env: Environment,
): TrustedPlaces {
  const roots = allowedRoots.map(toRealPath)
  const reserved = { dataDir: toRealPath(dataDir), workspacesDir: toRealPath(workspacesDir) }
  const trustedRoots = (given.trustedRoots ?? findTrustedRoots(env)).map((entry, index) => {
    const field = given.trustedRoots ? `trustedRoots[${index}]` : 'CLAUDE_CODE_API_TRUSTED_ROOTS'
    const real = toRealPath(path.resolve(entry))
    for (const [name, directory] of Object.entries(reserved)) {
      if (isInside(directory, real)) throw new ConfigError(field, `must not be inside ${name}`)
    }
    if (!roots.some(root => isInside(root, real))) {
      throw new ConfigError(field, 'must be inside one of the allowedRoots')
    }
    return real
  })
  return { trustedRoots, trustedCloneUrls: given.trustedCloneUrls.map(toCloneUrl) }
}

function findTrustedRoots(env: Environment): string[] {
  return env.CLAUDE_CODE_API_TRUSTED_ROOTS?.split(path.delimiter).filter(root => root !== '') ?? []
}

function toCloneUrl(entry: string, index: number): string {
  try {
    const isPath = path.isAbsolute(entry)
    const url = isPath ? undefined : new URL(entry)
    if (url && url.protocol !== 'file:') {
      if (url.username && url.protocol !== 'ssh:') throw new Error('a user')
      return `${url.protocol}//${url.host}${url.pathname}`
    }
    const directory = toRealPath(path.resolve(url ? fileURLToPath(url) : entry))
    return entry.endsWith('/') && directory !== '/' ? `${directory}/` : directory
  } catch {
    throw new ConfigError(
      `trustedCloneUrls[${index}]`,
      'must be a URL without a user, or an absolute path, such as https://example.com/team/',
    )
  }
}
