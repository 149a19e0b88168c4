import { totalmem } from 'node:os'
import { join } from 'node:path'
import { findMemoryCgroup, readText } from './memory-cgroup.ts'

const limitFiles = { 1: ['memory.limit_in_bytes'], 2: ['memory.max', 'memory.high'] } as const

/**
 * How much memory this process and its children may use, in bytes: the machine's, or less where a container or a
 * service manager limits it. Node's `process.constrainedMemory()` does not do: it ignores the limits of ancestors.
 *
 * @param root for tests: the directory that `/proc` and `/sys` are looked for in
 */
export function readMemoryLimit(root = '/', machineBytes = totalmem()): number {
  const cgroup = findMemoryCgroup(root)
  const limits = (cgroup?.directories ?? []).flatMap(directory =>
    limitFiles[cgroup?.version ?? 2].map(file => toBytes(readText(join(directory, file)))),
  )
  return Math.min(machineBytes, ...limits)
}

/** Infinity for `max`, a file that is missing, and anything else that is not a size. */
function toBytes(text: string | undefined): number {
  const bytes = Number.parseInt(text ?? '', 10)
  return bytes > 0 ? bytes : Number.POSITIVE_INFINITY
}
