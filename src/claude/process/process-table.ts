import { readdirSync, readFileSync, statSync } from 'node:fs'

// Linux only. Elsewhere there is no /proc: `listEntries` is empty, and what is left is the process group.

/** A process as the kernel tells it. A pid is used again; a pid with its start is one process until the next boot. */
export interface ProcessEntry {
  pid: number
  parent: number
  group: number
  session: number
  /** Ticks since boot. */
  startTicks: number
  /** Gone but for its entry in the table, which its parent has not read yet. */
  zombie: boolean
}

export type ProcessIdentity = Pick<ProcessEntry, 'pid' | 'startTicks'>

/** Undefined when there is no such process, or no /proc. */
export function readEntry(pid: number): ProcessEntry | undefined {
  const stat = read(`/proc/${pid}/stat`)
  return stat === undefined ? undefined : toEntry(pid, stat)
}

/** @param stat the text of `/proc/<pid>/stat` */
export function toEntry(pid: number, stat: string): ProcessEntry {
  // The name of the program comes before and may contain anything.
  const [state = '', ...numbers] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const [parent = 0, group = 0, session = 0] = numbers.map(Number)
  const startTicks = Number(numbers[18])
  return { pid, parent, group, session, startTicks, zombie: state === 'Z' || state === 'X' }
}

export function listEntries(): ProcessEntry[] {
  try {
    return readdirSync('/proc').flatMap(name => (/^\d+$/.test(name) ? (readEntry(Number(name)) ?? []) : []))
  } catch {
    return []
  }
}

/** Whether that process is still there, and is not another one with its number. */
export function isRunning({ pid, startTicks }: ProcessIdentity): boolean {
  const entry = readEntry(pid)
  return entry !== undefined && entry.startTicks === startTicks && !entry.zombie
}

/** Whether the process was started with that variable. Looks at processes of our own user only. */
export function wasStartedWith(pid: number, variable: string): boolean {
  try {
    if (statSync(`/proc/${pid}`).uid !== process.geteuid?.()) return false
  } catch {
    return false
  }
  return `\0${read(`/proc/${pid}/environ`) ?? ''}\0`.includes(`\0${variable}\0`)
}

/** Names this start of the machine: ticks since boot mean nothing in another one. */
export function readBootId(): string {
  return read('/proc/sys/kernel/random/boot_id')?.trim() ?? ''
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    // It ended while we were looking, or it is not ours to look at.
    return undefined
  }
}
