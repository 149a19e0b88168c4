import type { Period } from '../../api/usage.ts'

const dayMs = 86_400_000

export const periods = [
  { value: '7', label: '7 days' },
  { value: '30', label: '30 days' },
  { value: '90', label: '90 days' },
] as const
export type PeriodName = (typeof periods)[number]['value']

function toDay(time: number): string {
  return new Date(time).toISOString().slice(0, 10)
}

/** The last days up to today, in UTC. */
export function lastDays(days: number, now = Date.now()): Period {
  return { from: toDay(now - (days - 1) * dayMs), to: toDay(now) }
}

/** Every day of a period, also those on which nothing was used. */
export function daysOf({ from, to }: Period): string[] {
  const count = Math.round((Date.parse(to) - Date.parse(from)) / dayMs) + 1
  return Array.from({ length: count }, (_, index) => toDay(Date.parse(from) + index * dayMs))
}
