import { setTimeout as pause } from 'node:timers/promises'
import { killRecorded } from '../../claude/process/kill-recorded.ts'
import { ProcessFiles } from '../../cluster/process-files.ts'
import { leaseTimes } from '../../cluster/warden/lease-times.ts'
import { Warden } from '../../cluster/warden/warden.ts'
import type { FromWarden, ToWarden, WardenOrder } from '../../cluster/warden/warden-protocol.ts'
import { type NodeConnection, openNodes } from '../../store/postgres/open-nodes.ts'

/** The limit for closing the connection to the database, in milliseconds. */
const closeBoundMs = 1_000

/**
 * Runs the warden of the node that has started this process, until the node says goodbye or is gone. The order comes as
 * a message: it has the password of the database.
 */
export async function runWarden(inbox: AsyncIterable<ToWarden>): Promise<void> {
  let opened: { warden: Warden; connection: NodeConnection } | undefined
  for await (const message of inbox) {
    if (message.kind === 'order') {
      opened = await open(message)
      tell({ kind: 'ready' })
    } else if (message.kind === 'beat') {
      opened?.warden.beat(message)
    } else {
      opened?.warden.leave()
      break
    }
  }
  await opened?.warden.abandon()
  await Promise.race([opened?.connection.close(), pause(closeBoundMs)])
}

async function open(order: WardenOrder): Promise<{ warden: Warden; connection: NodeConnection }> {
  const files = new ProcessFiles(order.processes, order.nodeId)
  const connection = await openNodes(order.database, leaseTimes(order.leaseMs).answerMs)
  const { nodes } = connection
  const killTrees = () => killRecorded(() => files.listOwn())
  return { warden: new Warden(order, { nodes, killTrees, tell }), connection }
}

/** The node may be gone. */
function tell(message: FromWarden): void {
  if (process.connected) process.send?.(message, undefined, undefined, () => undefined)
}
