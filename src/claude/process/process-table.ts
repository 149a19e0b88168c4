import { readdirSync, readFileSync, statSync } from 'node:fs'

// Linux only. Other systems have no /proc: `listEntries` is empty, and only the process group can be used.

/** A process in the kernel's table. Pids are reused; a pid with its start time is unique until the next boot. */
export interface ProcessEntry {
  pid: number
  parent: number
  group: number
  session: number
  /** Ticks since boot. */
  startTicks: number
  /** A zombie: the process has ended, but its parent has not collected it yet. */
  zombie: boolean
}

export type ProcessIdentity = Pick<ProcessEntry, 'pid' | 'startTicks'>

/** Returns undefined if there is no such process, or no /proc. */
export function readEntry(pid: number): ProcessEntry | undefined {
  const stat = read(`/proc/${pid}/stat`)
  return stat === undefined ? undefined : toEntry(pid, stat)
}

/** @param stat the text of `/proc/<pid>/stat` */
export function toEntry(pid: number, stat: string): ProcessEntry {
  // The program's name comes before and may contain any character.
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

/** Whether the process is still running, and its pid was not reused. */
export function isRunning({ pid, startTicks }: ProcessIdentity): boolean {
  const entry = readEntry(pid)
  return entry !== undefined && entry.startTicks === startTicks && !entry.zombie
}

/** Whether the process was started with the variable. Works only for processes of the same user. */
export function wasStartedWith(pid: number, variable: string): boolean {
  return readEnvironment(pid).includes(`\0${variable}\0`)
}

/** Returns the value of a variable that the process was started with, for processes of the same user. */
export function readVariable(pid: number, name: string): string | undefined {
  const environment = readEnvironment(pid)
  const start = environment.indexOf(`\0${name}=`)
  if (start === -1) return undefined
  const value = start + name.length + 2
  return environment.slice(value, environment.indexOf('\0', value))
}

/** Each variable between two NULs. */
function readEnvironment(pid: number): string {
  try {
    if (statSync(`/proc/${pid}`).uid !== process.geteuid?.()) return ''
  } catch {
    return ''
  }
  return `\0${read(`/proc/${pid}/environ`) ?? ''}\0`
}

/** Returns the id of this boot, because ticks are only comparable within one boot. */
export function readBootId(): string {
  return read('/proc/sys/kernel/random/boot_id')?.trim() ?? ''
}

/** The start of a process as the ledger has it. */
export function toStartText(startTicks: number): string {
  return `${readBootId()}/${startTicks}`
}

/** Undefined: the process started before this boot. */
export function toStartTicks(startedAt: string): number | undefined {
  const [bootId, ticks] = startedAt.split('/')
  return bootId === readBootId() && ticks !== undefined ? Number(ticks) : undefined
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    // The process ended meanwhile, or belongs to another user.
    return undefined
  }
}
