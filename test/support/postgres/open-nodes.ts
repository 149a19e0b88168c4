import { randomUUID } from 'node:crypto'
import { onTestFinished } from 'vitest'
import { SharedLimits } from '../../../src/sessions/limits/shared-limits.ts'
import type { Store } from '../../../src/sessions/ports/index.ts'
import { openPostgresStore } from '../../../src/store/postgres/open-postgres.ts'

export interface TestNode {
  id: string
  store: Store
  limits: SharedLimits
  /** Messages of the log. */
  lines: string[]
  /** How often the store was asked for places in windows. */
  asked: number
}

/** Stores of nodes that share a database, with what they count together; closed after the test. */
export async function openNodes(url: string, count: number): Promise<TestNode[]> {
  return Promise.all(Array.from({ length: count }, () => openNode(url)))
}

async function openNode(url: string): Promise<TestNode> {
  const id = randomUUID()
  const store = await openPostgresStore({ url, nodeId: id })
  await store.nodes.join(
    { id, url: 'http://127.0.0.1:1', version: '1', slotsFree: 1, volumes: [] },
    3_600_000,
  )
  const lines: string[] = []
  const { windows } = store.limits
  const counted = {
    ...windows,
    request: (request: Parameters<typeof windows.request>[0]) => {
      node.asked++
      return windows.request(request)
    },
  }
  const node: TestNode = {
    ...{ id, store, lines, asked: 0 },
    limits: new SharedLimits({ ...store.limits, windows: counted }, id, {
      warn: (_, message) => lines.push(message),
    }),
  }
  onTestFinished(async () => {
    await node.limits.close()
    await store.close()
  })
  return node
}
