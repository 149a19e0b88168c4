import { ServiceError } from '../../contract/errors.ts'
import type { RunningTurns } from '../limits/running-turns.ts'
import type { ProcessPool } from '../processes/process-pool.ts'
import type { Caller } from '../records.ts'
import type { TurnRequest } from './turn-request.ts'

interface Limits {
  maxQueuedTurns: number
  maxWaitingTurns: number
  limits: { running: Pick<RunningTurns, 'waitingOf'> }
  pool: Pick<ProcessPool, 'waiting' | 'admitsWaiting'>
}

/**
 * @param queued the turn that runs, if one does, and how many wait behind it
 * @param wouldWait whether the turn would wait for a process
 * @throws ServiceError SESSION_BUSY, TURN_QUEUE_FULL
 */
export function refuseWhenFull(
  sessionId: string,
  caller: Caller,
  { maxQueuedTurns, maxWaitingTurns, limits, pool }: Limits,
  { turnId, waiting }: { turnId: string | undefined; waiting: number },
  { onBusy }: Pick<TurnRequest, 'onBusy'>,
  wouldWait: boolean,
): void {
  if (turnId !== undefined && onBusy === 'reject') {
    throw new ServiceError('SESSION_BUSY', `Session ${sessionId} is running turn ${turnId}`, { turnId })
  }
  if (turnId !== undefined && waiting >= maxQueuedTurns) {
    const message = `Session ${sessionId} has ${maxQueuedTurns} turns waiting already`
    throw new ServiceError('TURN_QUEUE_FULL', message, { limit: maxQueuedTurns, waiting })
  }
  if (!wouldWait) return
  if (!pool.admitsWaiting(caller, maxWaitingTurns)) {
    const message = `${pool.waiting} turns are waiting for a process already`
    throw new ServiceError('TURN_QUEUE_FULL', message, { limit: maxWaitingTurns, waiting: pool.waiting })
  }
  const waitingForLimit = limits.running.waitingOf(caller)
  if (waitingForLimit >= maxWaitingTurns) {
    const message = `${waitingForLimit} turns are waiting for the limit runningTurns already`
    throw new ServiceError('TURN_QUEUE_FULL', message, { limit: maxWaitingTurns, waiting: waitingForLimit })
  }
}
