import { readdir, readFile } from 'node:fs/promises'
import { type ProcessEntry, toEntry } from './process-table.ts'
import { markerVariable, type ProcessTree } from './process-tree.ts'

type Leader = Pick<ProcessTree, 'leader' | 'marker'>
type Marked = Pick<ProcessEntry, 'startTicks'> & { marker: string | undefined }

/**
 * Measures the memory of process trees: the sum of the proportional set sizes (PSS) of their members, in which pages
 * that processes share, such as those of the program, count once. Linux only; elsewhere nothing is measured.
 *
 * Reading one figure takes the kernel a millisecond or more. Everything is therefore read asynchronously, one file
 * after the other, and the process table once for all trees.
 */
export class ProcessMemory {
  /** The marker in the environment of each known process, which never changes. */
  #markers = new Map<number, Marked>()

  /** Returns the bytes of each tree; trees that are gone or unreadable are left out. Never rejects. */
  async measure<T extends Leader>(trees: readonly T[]): Promise<Map<T, number>> {
    const measured = new Map<T, number>()
    for (const [tree, pids] of await this.#findMembers(trees)) {
      const sizes: number[] = []
      for (const pid of pids) sizes.push((await readSize(pid)) ?? 0)
      const bytes = sizes.reduce((sum, size) => sum + size, 0)
      if (bytes > 0) measured.set(tree, bytes)
    }
    return measured
  }

  async #findMembers<T extends Leader>(trees: readonly T[]): Promise<Map<T, number[]>> {
    if (trees.length === 0) return new Map()
    const oldest = Math.min(...trees.map(({ leader }) => leader.startTicks))
    const entries = (await listEntries()).filter(({ startTicks }) => startTicks >= oldest)
    await this.#readMarkers(entries)
    const byMarker = new Map(trees.map(tree => [tree.marker, tree]))
    const byPid = new Map(entries.map(entry => [entry.pid, entry]))
    const members = new Map<T, number[]>()
    for (const entry of entries) {
      const tree = this.#findTree(entry, byMarker, byPid)
      if (tree) members.set(tree, [...(members.get(tree) ?? []), entry.pid])
    }
    return members
  }

  /** Finds the tree by the process's marker or by a parent's, because a program may clear the environment of children. */
  #findTree<T>(
    entry: ProcessEntry,
    byMarker: ReadonlyMap<string, T>,
    byPid: ReadonlyMap<number, ProcessEntry>,
  ): T | undefined {
    const seen = new Set<number>()
    for (let at: ProcessEntry | undefined = entry; at && !seen.has(at.pid); at = byPid.get(at.parent)) {
      seen.add(at.pid)
      const tree = byMarker.get(this.#markers.get(at.pid)?.marker ?? '')
      if (tree) return tree
    }
    return undefined
  }

  async #readMarkers(entries: readonly ProcessEntry[]): Promise<void> {
    const markers = new Map<number, Marked>()
    for (const { pid, startTicks } of entries) {
      const known = this.#markers.get(pid)
      const isKnown = known?.startTicks === startTicks
      markers.set(pid, isKnown ? known : { startTicks, marker: await readMarker(pid) })
    }
    this.#markers = markers
  }
}

async function listEntries(): Promise<ProcessEntry[]> {
  const entries: ProcessEntry[] = []
  for (const name of await readdir('/proc').catch(() => [])) {
    const stat = /^\d+$/.test(name) ? await read(`/proc/${name}/stat`) : undefined
    if (stat !== undefined) entries.push(toEntry(Number(name), stat))
  }
  return entries.filter(({ zombie }) => !zombie)
}

async function readMarker(pid: number): Promise<string | undefined> {
  const variables = (await read(`/proc/${pid}/environ`))?.split('\0')
  const found = variables?.find(variable => variable.startsWith(`${markerVariable}=`))
  return found?.slice(markerVariable.length + 1)
}

/** Sums resident and swapped memory, because swapped pages return with the next use. */
async function readSize(pid: number): Promise<number | undefined> {
  const rollup = await read(`/proc/${pid}/smaps_rollup`)
  if (rollup === undefined) return undefined
  const sizes = [...rollup.matchAll(/^(?:Pss|SwapPss):\s+(\d+) kB$/gm)]
  return sizes.reduce((sum, [, kilobytes]) => sum + Number(kilobytes) * 1024, 0)
}

async function read(path: string): Promise<string | undefined> {
  // The process ended meanwhile, or belongs to another user.
  return readFile(path, 'utf8').catch(() => undefined)
}
