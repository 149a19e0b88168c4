import type { Sealer } from '../../lib/sealed-text.ts'
import type { AgentSpec, Store } from '../ports/index.ts'
import type { SessionRecord } from '../records.ts'
import { findBudgetLeft } from '../settings/budget.ts'
import { unsealSettings } from '../settings/secrets.ts'
import type { SettingsInForce } from '../settings/settings-in-force.ts'
import { Unlaunchable } from './unlaunchable.ts'

/** The part of a launch that the session itself decides. */
export type PlainSpec = Omit<AgentSpec, 'claudeSessionId' | 'resume' | 'settingSources' | 'instructions'>

/**
 * Returns the current launch of the session's process, with its secrets and the rest of its budget.
 * @throws Unlaunchable when its secrets cannot be read, or nothing is left of its budget
 */
export async function toLaunchSpec(
  { store, sealer, settingsInForce }: { store: Store; sealer: Sealer; settingsInForce: SettingsInForce },
  session: SessionRecord,
  conversation: Pick<AgentSpec, 'claudeSessionId' | 'resume'>,
): Promise<AgentSpec> {
  const budgetLeftUsd = await findBudgetLeft(store, session)
  if (budgetLeftUsd === 0) throw Unlaunchable.overBudget()
  return {
    ...toPlainSpec(session, sealer),
    ...(await settingsInForce.load(session)),
    ...conversation,
    budgetLeftUsd,
  }
}

/** @throws Unlaunchable when its secrets cannot be read */
function toPlainSpec(session: SessionRecord, sealer: Sealer): PlainSpec {
  return {
    tenantId: session.tenantId,
    cwd: session.cwd,
    model: session.requestedModel,
    permissionMode: session.permissionMode,
    appendSystemPrompt: session.appendSystemPrompt,
    maxTurns: session.maxTurns,
    settings: unsealSettings(session, sealer),
    remembered: session.remembered,
    workingDirectory: session.workingDirectory,
  }
}
