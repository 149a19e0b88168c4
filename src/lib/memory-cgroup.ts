import { readFileSync } from 'node:fs'
import { join, relative } from 'node:path'

/** The control group that accounts for a resource of this process. */
export interface Cgroup {
  version: 1 | 2
  /** Its directory, then those of its ancestors up to the mount point: each may limit it. */
  directories: readonly string[]
}

/**
 * Finds the control group of this process, with either version of Linux control groups; undefined where there is none.
 * In a container the path in `/proc/self/cgroup` may be the host's: the mount's root is taken off it.
 *
 * @param root for tests: the directory that `/proc` and `/sys` are looked for in
 */
export function findMemoryCgroup(root = '/'): Cgroup | undefined {
  return findCgroup('memory', root)
}

/** Same as `findMemoryCgroup`, for any controller; in version 2 one group is for all of them. */
export function findCgroup(controller: string, root = '/'): Cgroup | undefined {
  const memberships = (readText(join(root, 'proc/self/cgroup')) ?? '').split('\n').map(parseMembership)
  const mounts = (readText(join(root, 'proc/self/mountinfo')) ?? '').split('\n').flatMap(parseMount)
  // A machine with both versions mounts a controller in one of them only.
  const first = memberships.find(({ controllers }) => controllers.includes(controller))
  if (first) {
    const mount = mounts.find(({ type, options }) => type === 'cgroup' && options.includes(controller))
    return mount && { version: 1, directories: directoriesOf(mount, first.path, root) }
  }
  const second = memberships.find(({ hierarchy }) => hierarchy === '0')
  const mount = mounts.find(({ type }) => type === 'cgroup2')
  return second && mount && { version: 2, directories: directoriesOf(mount, second.path, root) }
}

/** Undefined for a file that cannot be read. */
export function readText(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    // Not Linux, or not accounted for.
    return undefined
  }
}

interface Mount {
  /** Which part of the hierarchy is mounted. */
  root: string
  at: string
  type: string
  options: readonly string[]
}

function parseMembership(line: string) {
  const [hierarchy = '', controllers = '', ...path] = line.split(':')
  return { hierarchy, controllers: controllers.split(','), path: path.join(':') }
}

function parseMount(line: string): Mount[] {
  const [left = '', right = ''] = line.split(' - ')
  const [, , , mountRoot, at] = left.split(' ')
  const [type = '', , options = ''] = right.split(' ')
  if (mountRoot === undefined || at === undefined) return []
  return [{ root: decodeOctal(mountRoot), at: decodeOctal(at), type, options: options.split(',') }]
}

function directoriesOf(mount: Mount, path: string, root: string): string[] {
  const below = relative(mount.root, path)
  // A group outside of the mount's root cannot be reached: what is mounted limits it at least.
  const names = below.startsWith('..') ? [] : below.split('/').filter(Boolean)
  return Array.from({ length: names.length + 1 }, (_, depth) =>
    join(root, mount.at, ...names.slice(0, names.length - depth)),
  )
}

/** Spaces and the like are octal in `mountinfo`. */
function decodeOctal(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)))
}
