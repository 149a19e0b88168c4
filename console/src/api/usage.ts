import { useQuery } from '@tanstack/react-query'
import type { UsageReport, UsageRow } from '../../../src/client/index.ts'
import { client } from './connection.ts'

export const groups = ['day', 'model', 'session', 'key', 'tenant'] as const
export type Group = (typeof groups)[number]

export interface Period {
  /** Days as `2026-11-27`, in UTC; both are included. */
  from: string
  to: string
}

/** How many rows are read; more are in the CSV file. */
const mostRows = 1_000

/** The usage of a period by one of its aspects. */
export function useUsage(groupBy: Group, { from, to }: Period) {
  return useQuery({
    queryKey: ['usage', groupBy, from, to],
    async queryFn({ signal }): Promise<{ rows: UsageRow[]; isCut: boolean }> {
      const query = { groupBy, from, to, format: 'json', limit: mostRows } as const
      const report = (await client.call('getUsageReport', { query }, { signal })) as UsageReport
      return { rows: report.rows, isCut: report.nextCursor !== null }
    },
  })
}

/** The same as a file. */
export async function loadUsageCsv(groupBy: Group, { from, to }: Period): Promise<Blob> {
  const query = { groupBy, from, to, format: 'csv' } as const
  const response = (await client.call('getUsageReport', { query })) as Response
  return response.blob()
}
