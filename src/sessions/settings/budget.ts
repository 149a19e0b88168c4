import { ServiceError } from '../../contract/errors.ts'
import type { Store } from '../ports/index.ts'
import type { SessionRecord } from '../records.ts'

type Budgeted = Pick<SessionRecord, 'id' | 'tenantId' | 'settings'>

/** Sums of what each turn cost can differ by so much from what a process has counted. */
const roundingUsd = 1e-9

/** @throws ServiceError BUDGET_EXCEEDED */
export async function checkBudget(store: Store, session: Budgeted): Promise<void> {
  const limit = session.settings.maxBudgetUsd
  if (limit === undefined) return
  const spent = await store.spending.sumSpending(session.tenantId, session.id)
  if (spent < limit - roundingUsd) return
  const message =
    `Session ${session.id} has spent ${toDollars(spent)} of its budget of ${toDollars(limit)}; ` +
    'raise maxBudgetUsd with PATCH to continue'
  throw new ServiceError('BUDGET_EXCEEDED', message, { limit, spent })
}

/** Returns the remaining budget of a new process; null: unlimited. The budget is used up at or below 0. */
export async function findBudgetLeft(store: Store, session: Budgeted): Promise<number | null> {
  const limit = session.settings.maxBudgetUsd
  if (limit === undefined) return null
  const left = limit - (await store.spending.sumSpending(session.tenantId, session.id))
  return left > roundingUsd ? left : 0
}

function toDollars(amount: number): string {
  return `$${amount.toFixed(4)}`
}
