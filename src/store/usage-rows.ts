import type { UsageCounters, UsageEntry } from '../sessions/ports/index.ts'
import { type Row, snakeCased } from './record-mapper.ts'
import { usageColumns } from './records.ts'

const keyFields = ['createdBy', 'day', 'model'] as const satisfies (keyof UsageEntry)[]
export const counterFields = (Object.keys(usageColumns.kinds) as (keyof UsageEntry)[]).filter(
  (field): field is keyof UsageCounters => !keyFields.some(name => name === field),
)
/** The key of a row, besides tenant or session. */
export const usageKey = keyFields.map(snakeCased)
export const usageCounters = counterFields.map(snakeCased)

/** One row for each key, day and model. */
export function toUsageRows(entries: readonly UsageEntry[]): Row[] {
  const rows = new Map<string, UsageEntry>()
  for (const entry of entries) {
    const key = JSON.stringify(keyFields.map(field => entry[field]))
    rows.set(key, add(entry, rows.get(key)))
  }
  return [...rows.values()].map(entry => usageColumns.toRow(entry))
}

function add(entry: UsageEntry, to: UsageEntry | undefined): UsageEntry {
  const sum = { ...entry }
  if (to) for (const field of counterFields) sum[field] += to[field]
  return sum
}

/** As the function of PostgreSQL writes the same. */
export function usageSums(table: 'usage_days' | 'usage_sessions'): string {
  return usageCounters.map(column => `${column} = ${table}.${column} + excluded.${column}`).join(', ')
}
