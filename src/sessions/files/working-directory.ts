import { realpath, stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { invalidField, ServiceError } from '../../contract/errors.ts'
import { isInside } from '../../lib/paths.ts'

export interface DirectoryPolicy {
  defaultCwd: string
  allowedRoots: readonly string[]
  /** Real paths of the server's own directories, which callers may not name. */
  reservedDirectories?: readonly string[] | undefined
}

/** As `resolveDirectory`, of the directory that a session works in. */
export function resolveWorkingDirectory(asked: string | undefined, policy: DirectoryPolicy): Promise<string> {
  return resolveDirectory('cwd', asked ?? policy.defaultCwd, policy)
}

/**
 * The real path of the directory that was asked for, symbolic links resolved.
 * @param field names it in errors
 * @throws ServiceError `INVALID_REQUEST` when it is not an existing directory, `CWD_NOT_ALLOWED` when it lies
 * outside every allowed root
 */
export async function resolveDirectory(
  field: string,
  asked: string,
  policy: DirectoryPolicy,
): Promise<string> {
  const wanted = resolve(policy.defaultCwd, asked)
  const roots = await Promise.all(policy.allowedRoots.map(root => realpath(root).catch(() => resolve(root))))
  const real = await realpath(wanted).catch(() => undefined)
  // The response for paths outside must not reveal whether they exist.
  const { reservedDirectories = [] } = policy
  const isReserved = reservedDirectories.some(directory => isInside(directory, real ?? wanted))
  if (isReserved || !roots.some(root => isInside(root, real ?? wanted))) {
    throw new ServiceError('CWD_NOT_ALLOWED', `${field} ${wanted} is outside the allowed roots`, {
      allowedRoots: [...policy.allowedRoots],
    })
  }
  if (real === undefined || !(await stat(real)).isDirectory()) {
    throw invalidField(field, 'must be an existing directory')
  }
  return real
}
