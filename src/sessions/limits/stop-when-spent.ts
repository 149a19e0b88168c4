import type { Log } from '../../lib/log.ts'
import type { Limits } from './limits.ts'

interface Working {
  readonly owner: { tenantId: string; sessionId: string }
  readonly background: { readonly chargedTo: string }
  interruptAutonomousWork(): Promise<void>
}

/** Interrupts autonomous work of a caller that has spent what it may: there is no turn that could be refused. */
export async function stopWhenSpent(
  process: Working,
  { limits, faults }: { limits: Pick<Limits, 'findSpent'>; faults: Pick<Log, 'error'> },
): Promise<void> {
  const { tenantId, sessionId } = process.owner
  try {
    const spent = await limits.findSpent({ tenantId, keyId: process.background.chargedTo })
    if (spent) await process.interruptAutonomousWork()
  } catch (error) {
    faults.error({ err: error, sessionId }, 'spend limit unknown')
  }
}
