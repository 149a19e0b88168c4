import type { ChildState } from './child.ts'
import { countCommits } from './count-commits.ts'

/** For the programs that `openChild` starts: says where it listens, answers for its state, ends with its parent or at SIGTERM. */
export function serveParent(url: string, close: () => Promise<void>): void {
  process.on('message', () => {
    globalThis.gc?.()
    globalThis.gc?.()
    process.send?.(readState())
  })
  const end = () => void close().then(() => process.exit(0))
  process.once('disconnect', end)
  process.once('SIGTERM', end)
  process.send?.({ url })
}

function readState(): ChildState {
  const resources: Record<string, number> = {}
  for (const kind of process.getActiveResourcesInfo()) resources[kind] = (resources[kind] ?? 0) + 1
  const listeners = process.eventNames().reduce((sum, name) => sum + process.listenerCount(name), 0)
  return { heapUsed: process.memoryUsage().heapUsed, resources, listeners, commits: countCommits() }
}
