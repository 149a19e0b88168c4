import { readdirSync, readFileSync } from 'node:fs'

/** Resident memory of a process in bytes, and the most that it ever was. Linux only. */
export function memoryOf(pid: number): { now: number; peak: number } {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const read = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]) * 1024
  return { now: read('VmRSS'), peak: read('VmHWM') }
}

/** Processor time that a process has used, in seconds: unlike wall time, others on the machine hardly change it. */
export function processorSecondsOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / 100
}

export function descriptorsOf(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length
}

/** Samples the memory of a process until it is stopped; tells the most that it has seen. */
export function watchMemory(pid: number): { stop(): number } {
  let most = memoryOf(pid).now
  const timer = setInterval(() => {
    most = Math.max(most, memoryOf(pid).now)
  }, 50)
  return {
    stop() {
      clearInterval(timer)
      return most
    },
  }
}

/** Proportional set size of a process in bytes: what it shares with others counts in part. 0 when it is gone. */
export function proportionalMemoryOf(pid: number): number {
  try {
    const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8')
    return Number(/^Pss:\s+(\d+) kB$/m.exec(rollup)?.[1]) * 1024
  } catch {
    return 0
  }
}
