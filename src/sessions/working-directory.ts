import { realpath, stat } from 'node:fs/promises'
import { isAbsolute, relative, resolve, sep } from 'node:path'
import { invalidField, ServiceError } from '../contract/errors.ts'

export interface DirectoryPolicy {
  defaultCwd: string
  allowedRoots: readonly string[]
}

/**
 * The real path of the directory that was asked for, symbolic links resolved.
 * @throws ServiceError `INVALID_REQUEST` when it is not an existing directory, `CWD_NOT_ALLOWED` when it lies
 * outside every allowed root
 */
export async function resolveWorkingDirectory(
  asked: string | undefined,
  policy: DirectoryPolicy,
): Promise<string> {
  const wanted = resolve(policy.defaultCwd, asked ?? policy.defaultCwd)
  const roots = await Promise.all(policy.allowedRoots.map(root => realpath(root).catch(() => resolve(root))))
  const real = await realpath(wanted).catch(() => undefined)
  // What lies outside is refused alike whether it exists or not: the answer must not tell which.
  if (!roots.some(root => isInside(root, real ?? wanted))) {
    throw new ServiceError('CWD_NOT_ALLOWED', `cwd ${wanted} is outside the allowed roots`, {
      allowedRoots: [...policy.allowedRoots],
    })
  }
  if (real === undefined || !(await stat(real)).isDirectory()) {
    throw invalidField('cwd', 'must be an existing directory')
  }
  return real
}

function isInside(root: string, path: string): boolean {
  const way = relative(root, path)
  return way === '' || (way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way))
}
