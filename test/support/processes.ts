import { readdirSync, readFileSync } from 'node:fs'

/** Processes started by `parent` that are still there, zombies left out. Linux only, as the tests are. */
export function childrenOf(parent: number = process.pid): { pid: number; command: string }[] {
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .flatMap(name => {
      try {
        const stat = readFileSync(`/proc/${name}/stat`, 'utf8')
        const [state, ppid] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
        if (Number(ppid) !== parent || state === 'Z') return []
        return [
          { pid: Number(name), command: readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ') },
        ]
      } catch {
        // It ended while we were looking.
        return []
      }
    })
}

/** The Claude Code processes of a parent; `marker` is something on their command line, such as a session's id. */
export function claudesOf(parent: number = process.pid, marker = ''): number[] {
  return childrenOf(parent)
    .filter(({ command }) => command.includes('--input-format') && command.includes(marker))
    .map(({ pid }) => pid)
}

/** Ends one process that the caller started, by its pid. */
export function kill(pid: number): void {
  process.kill(pid, 'SIGKILL')
}

/** Whether there is such a process, which may be anyone's. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** The pids of processes of this machine whose command line contains the text. */
export function programsOf(command: string): number[] {
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .map(Number)
    .filter(pid => readCommand(pid).includes(command))
}

function readCommand(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
  } catch {
    // It ended while we were looking.
    return ''
  }
}
