import type { Sealer } from '../../lib/sealed-text.ts'
import type { AgentSpec, Store } from '../ports.ts'
import type { SessionRecord } from '../records.ts'
import { toSpareSpec } from '../spare-agent.ts'
import { findBudgetLeft } from './budget.ts'
import { Unlaunchable } from './unlaunchable.ts'

/**
 * What the session's process is started with now, secrets and the rest of the budget included.
 * @throws Unlaunchable when its secrets cannot be read, or nothing is left of its budget
 */
export async function toLaunchSpec(
  { store, sealer }: { store: Store; sealer: Sealer },
  session: SessionRecord,
  conversation: Pick<AgentSpec, 'claudeSessionId' | 'resume'>,
): Promise<AgentSpec> {
  const budgetLeftUsd = await findBudgetLeft(store, session)
  if (budgetLeftUsd === 0) throw Unlaunchable.overBudget()
  return { ...toSpareSpec(session, sealer), ...conversation, budgetLeftUsd }
}
