import type { AutonomousWork, UsageCounters, UsageEntry, UsageShare } from '../ports/index.ts'

const nothing: UsageCounters = {
  turns: 0,
  autonomousWork: 0,
  activeMs: 0,
  inputTokens: 0,
  outputTokens: 0,
  cacheReadInputTokens: 0,
  cacheCreationInputTokens: 0,
  webSearchRequests: 0,
  microUsd: 0,
  withoutTokens: 0,
  withoutCost: 0,
}
const unknown: UsageShare = { usage: null, costUsd: null, modelUsage: null }

/** Formats the day (UTC) of a time. */
export function toDay(at: number): string {
  return new Date(at).toISOString().slice(0, 10)
}

/** The usage of a running turn that the ledger does not have yet. */
export function entriesOfProgress(
  by: string,
  share: UsageShare,
  booked: UsageShare,
  at: number,
): UsageEntry[] {
  return toEntries(by, at, share, booked, {})
}

/** The rest of a turn that has ended, and that it has ended. */
export function entriesOfTurn(
  by: string,
  share: UsageShare,
  booked: UsageShare,
  { at, activeMs }: { at: number; activeMs: number },
): UsageEntry[] {
  return toEntries(by, at, share, booked, { turns: 1, activeMs, ...incompleteness(share) })
}

export function entriesOfWork(by: string, work: AutonomousWork, at: number): UsageEntry[] {
  const activeMs = Math.max(0, work.endedAt - work.startedAt)
  return toEntries(by, at, work, unknown, { autonomousWork: 1, activeMs, ...incompleteness(work) })
}

function incompleteness({ usage, costUsd, modelUsage }: UsageShare) {
  const isPart = modelUsage?.some(({ costComplete }) => !costComplete)
  return { withoutTokens: usage === null ? 1 : 0, withoutCost: costUsd === null || isPart ? 1 : 0 }
}

/** @param counted what belongs to no model */
function toEntries(
  createdBy: string,
  at: number,
  share: UsageShare,
  booked: UsageShare,
  counted: Partial<UsageCounters>,
): UsageEntry[] {
  const [after, before] = [byModel(share), byModel(booked)]
  const models = new Set(['', ...after.keys(), ...before.keys()])
  const entries = [...models].map(model => ({
    ...subtract(after.get(model) ?? nothing, before.get(model) ?? nothing),
    ...(model === '' && counted),
    createdBy,
    day: toDay(at),
    model,
  }))
  return entries.filter(entry => counterNames.some(name => entry[name] !== 0))
}

/** Tokens and cost of each model; without shares of models, of none. */
function byModel({ usage, costUsd, modelUsage }: UsageShare): Map<string, UsageCounters> {
  if (!modelUsage) return new Map([['', { ...nothing, ...usage, microUsd: toMicros(costUsd) }]])
  return new Map(
    modelUsage.map(({ model, costUsd: cost, costComplete, ...tokens }) => [
      model,
      { ...nothing, ...tokens, microUsd: toMicros(cost), withoutCost: costComplete ? 0 : 1 },
    ]),
  )
}

const counterNames = Object.keys(nothing) as (keyof UsageCounters)[]

function subtract(one: UsageCounters, other: UsageCounters): UsageCounters {
  const difference = { ...nothing }
  for (const name of counterNames) difference[name] = one[name] - other[name]
  return difference
}

function toMicros(costUsd: number | null): number {
  return Math.round((costUsd ?? 0) * 1e6)
}
