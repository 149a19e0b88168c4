import type { SessionSummary } from '../../client/index.ts'
import type { SessionAgent } from './agent-view.ts'
import type { Money, Usage } from './event-types.ts'
import { toSessionId } from './ids.ts'
import type { SessionMetadata } from './open-session.ts'
import { type Totals, toMoney, toUsage } from './usage.ts'

export const sessionStatuses = ['rescheduling', 'running', 'idle', 'terminated'] as const
export type SessionStatus = (typeof sessionStatuses)[number]

export interface SessionView {
  type: 'session'
  id: string
  agent: SessionAgent
  environment_id: string
  status: SessionStatus
  title: string | null
  metadata: Record<string, string>
  resources: []
  vault_ids: []
  budget: { type: 'limit'; max_list_cost: Money } | null
  usage: Usage
  stats: { active_seconds?: number; duration_seconds: number }
  outcome_evaluations: []
  deployment_id: null
  archived_at: string | null
  created_at: string
  updated_at: string
}

interface Shown {
  session: Omit<SessionSummary, 'cwd' | 'branch'> & { config?: { maxBudgetUsd?: number | undefined } }
  own: SessionMetadata
  agent: SessionAgent
}

/** @param totals undefined: a list shows what a session has cost, and no tokens */
export function toSessionView({ session, own, agent }: Shown, totals?: Totals): SessionView {
  const { maxBudgetUsd } = session.config ?? {}
  const seconds = Date.parse(session.lastActivity) - Date.parse(session.createdAt)
  return {
    type: 'session',
    id: toSessionId(session.sessionId),
    agent,
    environment_id: own.environmentId,
    status: statusOf(session),
    title: session.title,
    metadata: own.metadata,
    resources: [],
    vault_ids: [],
    budget: maxBudgetUsd === undefined ? null : { type: 'limit', max_list_cost: toMoney(maxBudgetUsd) },
    usage: totals ? toUsage(totals) : { list_cost: toMoney(session.costUsd) },
    stats: {
      ...(totals && { active_seconds: Math.round(totals.activeMs / 1000) }),
      duration_seconds: Math.round(seconds / 1000),
    },
    outcome_evaluations: [],
    deployment_id: null,
    archived_at: own.archivedAt ?? (session.archived ? session.lastActivity : null),
    created_at: session.createdAt,
    updated_at: session.lastActivity,
  }
}

export function statusOf({ status, state }: Pick<SessionSummary, 'status' | 'state'>): SessionStatus {
  if (status !== 'active') return 'terminated'
  return state === 'running' ? 'running' : 'idle'
}
