import { closeSync, constants, existsSync, fstatSync, openSync, readlinkSync, statSync } from 'node:fs'
import type { GroupBounds } from './control-groups.ts'
import { toKernelArguments, toSystemArguments } from './system-mounts.ts'

/** The contents of a box, beside the programs of the machine. */
export interface BoxContents {
  /** Directories at their own paths; real paths. */
  writable: readonly string[]
  /** The same, for reading. Default: none. */
  readable?: readonly string[]
  /** Files and directories of the host that the box can only read, or with `writable: true` also write. */
  mounts: readonly BoxMount[]
  /** Files and directories that are empty in the box, where a directory above them is in it. */
  hidden: readonly string[]
  /** The working directory. */
  cwd: string
  home: string
  /** The sizes of `/tmp` with `/dev/shm`, and of the home directory. */
  temporaryBytes: number
  homeBytes: number
}

export interface BoxMount {
  from: string
  to: string
  writable?: boolean
}

/** A directory cannot be part of a box. */
export class BoxRefusal extends Error {}

/** Directories with parts of the machine that no box may have. */
const wholeMachine = new Set(['/', '/etc', '/usr', '/boot', '/run', '/var', '/var/run', '/home'])
const kernelDirectories = ['/proc', '/sys', '/dev']

const namespaces = ['--unshare-user', '--unshare-all', '--disable-userns']
const system = once(toSystemArguments)
const kernel = once(toKernelArguments)

/** The home directory in a box. */
export const boxHome = '/home/box'

/** The limits of everything in a box together, and of its file systems. */
export type BoxLimits = GroupBounds & { temporaryBytes: number; homeBytes: number }

/**
 * Verifies inside of the box that the directories are those that the server has looked at, because a path could be
 * replaced by a link to somewhere else before it is mounted.
 */
const verifying = `while [ "$1" != -- ]; do
  [ "$(stat -c %d:%i "$1")" = "$2" ] || { echo "the directory $1 was replaced" >&2; exit 125; }
  shift 2
done
shift
exec "$@"`

/** Returns the arguments for bubblewrap, to which the program and its arguments are added. */
export function toBoxArguments(contents: BoxContents): string[] {
  const directories = [...contents.writable, ...(contents.readable ?? [])]
  const identities = directories.flatMap(path => [path, identify(path)])
  const { uid, gid } = innerUser()
  return [
    ...namespaces,
    ...['--uid', String(uid), '--gid', String(gid), '--hostname', 'box'],
    // The process must be started without a terminal, in which it could type.
    '--die-with-parent',
    ...system(),
    ...kernel(),
    ...toTemporary('/dev/shm', contents.temporaryBytes),
    ...toTemporary('/tmp', contents.temporaryBytes),
    ...toTemporary(contents.home, contents.homeBytes),
    ...toDirectoryArguments(contents),
    ...contents.mounts.flatMap(({ from, to, writable }) => [writable ? '--bind' : '--ro-bind', from, to]),
    // Mount points are made in the root and in `/dev`, which would otherwise be writable without a limit.
    ...['--remount-ro', '/dev', '--remount-ro', '/'],
    ...['--chdir', contents.cwd],
    ...['/bin/sh', '-c', verifying, 'sh', ...identities, '--'],
  ]
}

/** The user inside of a box: the server's, but never root. Files of the server's user are this user's. */
export function innerUser(): { uid: number; gid: number } {
  const uid = process.getuid?.() ?? 0
  const gid = process.getgid?.() ?? 0
  return { uid: uid === 0 ? 1000 : uid, gid: gid === 0 ? 1000 : gid }
}

function toTemporary(path: string, bytes: number): string[] {
  return ['--perms', '1777', '--size', String(bytes), '--tmpfs', path]
}

/** Outer directories come first, because a mount covers what is below it. */
function toDirectoryArguments({ writable, readable = [], hidden }: BoxContents): string[] {
  const isInside = (path: string) => writable.some(top => path.startsWith(`${top}/`) || path === top)
  const covered = hidden.filter(path => isInside(path) && existsSync(path))
  const steps = [
    ...readable.map(path => ({ path, args: ['--ro-bind', path, path] })),
    ...writable.map(path => ({ path, args: ['--bind', path, path] })),
    ...covered.map(path => ({ path, args: toCover(path) })),
  ]
  const inOrder = steps.toSorted((one, other) => one.path.length - other.path.length)
  return [
    ...inOrder.flatMap(({ args }) => args),
    ...covered.filter(isDirectory).flatMap(path => ['--remount-ro', path]),
  ]
}

function toCover(path: string): string[] {
  return isDirectory(path) ? ['--size', '65536', '--tmpfs', path] : ['--ro-bind', '/dev/null', path]
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false
}

/**
 * Returns the identity of a directory in the form of `verifying`.
 * @throws BoxRefusal if the path leads somewhere else, or to a part of the machine
 */
function identify(path: string): string {
  const isKernels = kernelDirectories.some(top => path === top || path.startsWith(`${top}/`))
  if (wholeMachine.has(path) || isKernels) throw new BoxRefusal(`${path} cannot be part of a box`)
  const handle = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW)
  try {
    if (readlinkSync(`/proc/self/fd/${handle}`) !== path) {
      throw new BoxRefusal(`a link on the path to ${path} leads somewhere else`)
    }
    const { dev, ino } = fstatSync(handle, { bigint: true })
    return `${dev}:${ino}`
  } finally {
    closeSync(handle)
  }
}

/** Returns the arguments for a shell that joins control groups and then runs bubblewrap with the rest. */
export function toJoiningArguments(doors: readonly string[], program: string): string[] {
  return ['-c', joining, 'sh', ...doors, '--', program]
}

/**
 * Bubblewrap ignores SIGTERM, and so ends with what it runs: its own end would be SIGKILL for everything inside.
 */
const joining = `while [ "$1" != -- ]; do
  echo 0 > "$1" || exit 125
  shift
done
shift
ulimit -c 0
trap '' TERM INT HUP
exec "$@"`

function once<Value>(make: () => Value): () => Value {
  let made: Value | undefined
  return () => {
    made ??= make()
    return made
  }
}
