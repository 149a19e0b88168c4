import type { Prompt } from '../../contract/turns.ts'
import type { TurnOutcome } from '../ports/index.ts'
import type { SessionProcess } from '../processes/session-process.ts'
import type { OpenTurn } from './running-turn.ts'
import { figuresOf } from './turn-progress.ts'

const stopped: TurnOutcome = { status: 'interrupted', response: null, usage: null, costUsd: null }

/**
 * Works on a turn in the session's process. One that waits long for a person gives its process up, and goes on in
 * another when it has been answered.
 *
 * @returns `shelved` when the server shuts down and the turn stays as it is stored, to go on after the next start
 */
export async function workOn(
  turn: OpenTurn,
  prompt: Prompt,
  keeper: SessionProcess,
): Promise<TurnOutcome | 'shelved'> {
  // Nothing more was spent on one that had only waited.
  const stop = (): TurnOutcome => (turn.before ? { ...stopped, costUsd: 0 } : stopped)
  for (;;) {
    const { parked } = keeper.permissions
    if (parked) {
      await keeper.retire()
      await Promise.race([parked.ended, whenAborted(turn.stopping.signal)])
      if (turn.stop) return stop()
      if (keeper.permissions.isShelved || !(await findPlace(turn, keeper)))
        return turn.stop ? stop() : 'shelved'
    }
    if (turn.stop) return stop()
    const agent = await keeper.obtain(parked?.toolUseId)
    if (turn.stop) return stop()
    if (keeper.permissions.isShelved) return 'shelved'
    const continues = parked !== undefined
    const { id, commands } = turn.record
    const outcome = await agent.runTurn({ turnId: id, prompt, commands, continues, steered: turn.steered })
    if (keeper.permissions.isShelved && !turn.stop) return 'shelved'
    const next = keeper.permissions.parked
    if (!next || next === parked || turn.stop) return outcome
    turn.before = figuresOf(turn.record)
  }
}

async function findPlace({ record, stopping }: OpenTurn, keeper: SessionProcess): Promise<boolean> {
  return keeper.reserve() || keeper.waitForSlot(`${record.tenantId}:${record.createdBy}`, stopping.signal)
}

function whenAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise(resolve => signal.addEventListener('abort', () => resolve(), { once: true }))
}
