import { ServiceError } from '../../contract/errors.ts'
import type { Agent, AgentQuestions } from '../ports/index.ts'
import type { ProcessPool } from '../processes/process-pool.ts'
import type { SessionProcess } from '../processes/session-process.ts'
import { Unlaunchable } from '../processes/unlaunchable.ts'
import type { Caller } from '../records.ts'

/** How long a question waits for a slot, in milliseconds. */
const slotBoundMs = 10_000

export type Question<T> = (questions: AgentQuestions) => Promise<T>

interface Lending {
  process: SessionProcess
  pool: ProcessPool
  maxWaitingTurns: number
  /** The turn that runs, if any. */
  turnId: string | undefined
  /** @throws ServiceError SESSION_ENDED */
  refuseWhenEnded(): void
}

/**
 * Sends a question to the session's process outside its turns. A running process is asked directly, even in the middle
 * of a turn, without extending its idle time. If there is no process, one is started.
 *
 * @throws ServiceError AGENT_UNAVAILABLE, TURN_QUEUE_FULL, SESSION_BUSY, SESSION_ENDED
 */
export async function askAgent<T>(lending: Lending, caller: Caller, question: Question<T>): Promise<T> {
  const { process } = lending
  process.borrow()
  try {
    const agent = await findAgent(lending, caller)
    return await question(agent.questions)
  } catch (error) {
    throw error instanceof Unlaunchable ? toServiceError(error) : error
  } finally {
    process.giveBack()
  }
}

/** As `askAgent`, but nothing happens when there is no process. */
export async function askLiveAgent<T>(
  process: SessionProcess,
  question: Question<T>,
): Promise<T | undefined> {
  process.borrow()
  try {
    return await (process.liveAgent && question(process.liveAgent.questions))
  } finally {
    process.giveBack()
  }
}

async function findAgent(lending: Lending, caller: Caller): Promise<Agent> {
  const { process, turnId } = lending
  // In the middle of a turn: what has changed in the configuration counts from the next one.
  const live = turnId === undefined ? undefined : process.liveAgent
  if (live) return live
  if (turnId !== undefined && process.requests.suspension.current) {
    const message = `Turn ${turnId} is suspended until its permission request is answered; answer it first`
    throw new ServiceError('SESSION_BUSY', message, { turnId })
  }
  if (!process.holdSlot() && !(await waitForSlot(lending, caller))) {
    lending.refuseWhenEnded()
    throw full(lending)
  }
  return process.obtain()
}

function waitForSlot({ process, pool, maxWaitingTurns }: Lending, caller: Caller) {
  if (!pool.admitsWaiting(caller, maxWaitingTurns)) return false
  return process.waitForSlot(caller, AbortSignal.timeout(slotBoundMs))
}

function full({ pool: { taken, waiting } }: Lending): ServiceError<'TURN_QUEUE_FULL'> {
  const message = `All ${taken} processes are busy, and the session needs one; try again later`
  return new ServiceError('TURN_QUEUE_FULL', message, { limit: taken, waiting })
}

function toServiceError({ message, outcome }: Unlaunchable): ServiceError {
  if (outcome.status !== 'failed') {
    const text = `The session's budget is used up, so no process can be started: ${message}`
    return new ServiceError('AGENT_UNAVAILABLE', text, { reason: 'start_failed' })
  }
  return new ServiceError('AGENT_UNAVAILABLE', message, { reason: outcome.failure.reason })
}
