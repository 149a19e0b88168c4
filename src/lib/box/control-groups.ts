import { mkdirSync, readdirSync, rmdirSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { type Cgroup, findCgroup, readText } from '../memory-cgroup.ts'

export interface GroupBounds {
  memoryBytes: number
  /** Counts threads too. */
  processes: number
}

/** A bound that this machine cannot keep. */
export interface MissingBound {
  bound: keyof GroupBounds
  /** For people. */
  reason: string
}

/** A group of processes with bounds. */
export interface ControlGroup {
  /** Files to which a process writes `0` to join. */
  readonly doors: readonly string[]
  /** Removes the group when its processes are gone. Returns false if some are still there after a few seconds. */
  remove(): Promise<boolean>
}

interface Controller {
  bound: keyof GroupBounds
  version: Cgroup['version']
  /** The directory in which groups are made. */
  base: string
}

const controllers = { memoryBytes: 'memory', processes: 'pids' } as const
const bounds = ['memoryBytes', 'processes'] as const
/** How long processes that have been killed may take to leave a group, in milliseconds. */
const removalBoundMs = 5_000
const pollMs = 20

/**
 * Makes control groups below the group of this process, with either version of Linux control groups. In version 2 a
 * group with processes cannot have bounded groups beside them, so this process moves into a group of its own first.
 */
export class ControlGroups {
  /** The bounds that cannot be kept here. */
  readonly missing: readonly MissingBound[]
  readonly #controllers: readonly Controller[]
  readonly #prefix: string

  /**
   * @param prefix the beginning of the names of all groups
   * @param root for tests: the directory that `/proc` and `/sys` are looked for in
   */
  constructor(prefix: string, root = '/') {
    this.#prefix = prefix
    const found = bounds.map(bound => openController(bound, prefix, root))
    this.#controllers = found.flatMap(each => ('base' in each ? each : []))
    this.missing = found.flatMap(each => ('reason' in each ? each : []))
  }

  /** Creates a group. Throws if the machine refuses. */
  create(name: string, limits: GroupBounds): ControlGroup {
    const directories = this.#directoriesOf(name)
    for (const directory of directories) mkdirSync(directory, { recursive: true })
    for (const { bound, version, base } of this.#controllers) {
      const directory = join(base, this.#prefix + name)
      for (const [file, value] of filesOf(bound, version, limits)) write(join(directory, file), value)
    }
    const doors = directories.map(directory => join(directory, 'cgroup.procs'))
    return { doors, remove: () => this.remove(name) }
  }

  /** Removes a group that this or a previous run has made; one that does not exist counts as removed. */
  async remove(name: string): Promise<boolean> {
    const removed = await Promise.all(this.#directoriesOf(name).map(removeDirectory))
    return removed.every(Boolean)
  }

  /** Removes all groups of a previous run whose names begin so. */
  async removeAll(start: string): Promise<void> {
    const wanted = this.#prefix + start
    const bases = new Set(this.#controllers.map(({ base }) => base))
    const directories = [...bases].flatMap(base =>
      readdirSync(base)
        .filter(name => name.startsWith(wanted))
        .map(name => join(base, name)),
    )
    await Promise.all(directories.map(removeDirectory))
  }

  #directoriesOf(name: string): string[] {
    return [...new Set(this.#controllers.map(({ base }) => join(base, this.#prefix + name)))]
  }
}

/** The files of a group that hold its limit, with their values; those that end with `?` need not exist. */
function filesOf(bound: keyof GroupBounds, version: Cgroup['version'], limits: GroupBounds) {
  const value = String(limits[bound])
  if (bound === 'processes') return [['pids.max', value]] as const
  return version === 1
    ? ([
        ['memory.limit_in_bytes', value],
        ['memory.memsw.limit_in_bytes?', value],
      ] as const)
    : ([
        ['memory.max', value],
        ['memory.swap.max?', '0'],
      ] as const)
}

function write(file: string, value: string): void {
  const path = file.replace(/\?$/, '')
  try {
    // Not created where the kernel has not made it: a machine without swap has no limit for it.
    writeFileSync(path, value, { flag: 'r+' })
  } catch (error) {
    if (path !== file && (error as NodeJS.ErrnoException).code === 'ENOENT') return
    throw error
  }
}

function openController(bound: keyof GroupBounds, prefix: string, root: string): Controller | MissingBound {
  const controller = controllers[bound]
  const cgroup = findCgroup(controller, root)
  const [own] = cgroup?.directories ?? []
  if (!cgroup || own === undefined)
    return { bound, reason: `no control group has the controller ${controller}` }
  try {
    const base = cgroup.version === 1 ? own : shareOut(own, prefix)
    tryOut(base, prefix)
    return { bound, version: cgroup.version, base }
  } catch (error) {
    return { bound, reason: `${own}: ${error instanceof Error ? error.message : error}` }
  }
}

/**
 * Hands the controllers of a group of version 2 on to groups below it. Returns the directory for them.
 * @throws Error if the group is not this process's to divide
 */
function shareOut(own: string, prefix: string): string {
  const leaf = `${prefix}server`
  // A process that has moved is found in the leaf.
  const base = basename(own) === leaf ? dirname(own) : own
  const wanted = Object.values(controllers)
  const lacks = wanted.filter(name => !listOf(join(base, 'cgroup.controllers')).includes(name))
  if (lacks.length > 0) throw new Error(`has no controller ${lacks.join(' and ')}`)
  const subtree = join(base, 'cgroup.subtree_control')
  if (wanted.every(name => listOf(subtree).includes(name))) return base
  mkdirSync(join(base, leaf), { recursive: true })
  for (const pid of listOf(join(base, 'cgroup.procs'))) write(join(base, leaf, 'cgroup.procs'), pid)
  write(subtree, wanted.map(name => `+${name}`).join(' '))
  return base
}

/** Throws if no group can be made here. */
function tryOut(base: string, prefix: string): void {
  const directory = join(base, `${prefix}try-${process.pid}`)
  mkdirSync(directory, { recursive: true })
  rmdirSync(directory)
}

function listOf(file: string): string[] {
  return (readText(file) ?? '').split(/\s+/).filter(Boolean)
}

/** Waits for the last processes, which the kernel may still be ending. */
async function removeDirectory(directory: string): Promise<boolean> {
  const deadline = performance.now() + removalBoundMs
  for (;;) {
    try {
      rmdirSync(directory)
      return true
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'ENOENT') return true
      if (code !== 'EBUSY' || performance.now() >= deadline) return false
    }
    await delay(pollMs)
  }
}
