import { realpathSync } from 'node:fs'

/** Whether a path is a directory or lies inside of it. Compares names: neither may have links or dots. */
export function isInside(directory: string, path: string): boolean {
  return path === directory || path.startsWith(directory.endsWith('/') ? directory : `${directory}/`)
}

/** Resolves links. A directory that does not exist yet keeps its path, so a link that is made there later does not count. */
export function toRealPath(directory: string): string {
  try {
    return realpathSync(directory)
  } catch {
    return directory
  }
}
