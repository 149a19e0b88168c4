import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { findMemoryCgroup } from './memory-cgroup.ts'

/** Reads how short of memory this process and its neighbours are. */
export interface MemoryPressure {
  /**
   * The share of the last ten seconds, in per cent, in which some process waited for memory (`some avg10` of Linux's
   * pressure stall information). Undefined where the system does not tell. Never rejects.
   */
  read(): Promise<number | undefined>
}

/**
 * The pressure of this process's own control group, where it has one of version 2, else the machine's: a neighbour
 * that is short of memory within limits of its own is not counted.
 *
 * @param root for tests: the directory that `/proc` and `/sys` are looked for in
 */
export function openMemoryPressure(root = '/'): MemoryPressure {
  const cgroup = findMemoryCgroup(root)
  const [own] = cgroup?.version === 2 ? cgroup.directories : []
  const machine = join(root, 'proc/pressure/memory')
  const files = own === undefined ? [machine] : [join(own, 'memory.pressure'), machine]
  return {
    async read() {
      for (const file of files) {
        const pressure = toSomeAvg10(await readFile(file, 'utf8').catch(() => ''))
        if (pressure !== undefined) return pressure
      }
      return undefined
    },
  }
}

function toSomeAvg10(text: string): number | undefined {
  const [, average] = /^some avg10=(\d+(?:\.\d+)?)/m.exec(text) ?? []
  return average === undefined ? undefined : Number(average)
}
