import { type UsageReport, type UsageRow, usageFields } from '../../contract/usage.ts'
import type { UsageGroup } from '../../sessions/ports/index.ts'
import type { UsagePage } from '../../sessions/reports/usage.ts'
import type { Handlers } from '../handler.ts'
import type { HttpDeps } from '../options.ts'
import { toUsageCsv } from '../usage-csv.ts'

export function usageHandlers(deps: HttpDeps): Pick<Handlers, 'getUsage' | 'getUsageReport'> {
  return {
    async getUsage({ caller, params: { sessionId } }) {
      const { withoutTokens, withoutCost, ...sums } = await deps.service.usage.get(caller, sessionId)
      const complete = { tokensComplete: withoutTokens === 0, costComplete: withoutCost === 0 }
      return { status: 200, body: { sessionId, ...sums, ...complete } }
    },

    async getUsageReport({ caller, query, accepts, baseUrl, path }) {
      const { format = accepts(['json', 'csv']) || 'json', cursor: _, ...named } = query
      const page = await deps.service.usage.report(caller, query)
      const report = toReport(page)
      if (format !== 'csv') return { status: 200, body: report }
      const { nextCursor } = report
      const { from, to, groupBy } = page
      const link = { ...named, from, to, groupBy: groupBy.join(), format, cursor: nextCursor ?? '' }
      const content = Buffer.from(toUsageCsv(page.groupBy, report.rows))
      const headers = {
        'Content-Type': 'text/csv; charset=utf-8; header=present',
        'Content-Disposition': `attachment; filename="usage-${page.from}-${page.to}.csv"`,
        'Content-Length': String(content.length),
        ...(nextCursor && { Link: `<${baseUrl}${path}?${toQuery(link)}>; rel="next"` }),
      }
      return { file: { status: 200, headers, content } }
    },
  }
}

function toQuery(fields: Record<string, string | number | undefined>): string {
  const parameters = new URLSearchParams()
  for (const [name, value] of Object.entries(fields)) {
    if (value !== undefined) parameters.set(name, String(value))
  }
  return parameters.toString()
}

function toReport({ from, to, groupBy, groups, nextCursor }: UsagePage): UsageReport {
  return { from, to, rows: groups.map(group => toRow(groupBy, group)), nextCursor }
}

function toRow(groupBy: UsagePage['groupBy'], { values, ...sums }: UsageGroup): UsageRow {
  const named = Object.fromEntries(
    groupBy.map((name, index) => [usageFields[name], values[index] || (name === 'model' ? null : '')]),
  )
  // A turn that continued in another process may have been told of with the model only at its end, on the next day.
  const count = (name: keyof typeof sums) => Math.max(0, sums[name])
  return {
    ...named,
    ...(!groupBy.includes('model') && {
      turns: count('turns'),
      autonomousWork: count('autonomousWork'),
      activeMs: count('activeMs'),
    }),
    tokens: {
      inputTokens: count('inputTokens'),
      outputTokens: count('outputTokens'),
      cacheReadInputTokens: count('cacheReadInputTokens'),
      cacheCreationInputTokens: count('cacheCreationInputTokens'),
    },
    tokensComplete: sums.withoutTokens <= 0,
    costUsd: count('microUsd') / 1e6,
    costComplete: sums.withoutCost <= 0,
    webSearchRequests: count('webSearchRequests'),
  }
}
