import { Link } from 'wouter'
import type { UsageRow } from '../../../../src/client/index.ts'
import type { Group } from '../../api/usage.ts'
import { formatCost, formatCount, formatDuration } from '../../lib/format.ts'
import { revealText } from '../../lib/revealed-text.ts'
import { ScrollRegion } from '../../ui/scroll-region.tsx'

const names: Record<Group, string> = {
  day: 'Day',
  model: 'Model',
  session: 'Session',
  key: 'Key',
  tenant: 'Tenant',
}

function nameOf(row: UsageRow, group: Group): string {
  const value = group === 'session' ? row.sessionId : row[group]
  return value ?? 'unknown'
}

/** The most expensive first, except days, which stay in their order. */
function sort(rows: readonly UsageRow[], group: Group): UsageRow[] {
  return rows.toSorted((one, other) =>
    group === 'day' ? nameOf(other, group).localeCompare(nameOf(one, group)) : other.costUsd - one.costUsd,
  )
}

interface UsageTableProps {
  rows: readonly UsageRow[]
  group: Group
  titles: ReadonlyMap<string, string>
}

/** Usage in figures. */
export function UsageTable({ rows, group, titles }: UsageTableProps) {
  const cell = 'px-3 py-1.5 text-right tabular-nums whitespace-nowrap'
  return (
    <ScrollRegion label="Usage in figures" className="card">
      <table className="w-full">
        <thead className="border-b border-line text-xs text-muted">
          <tr>
            <th scope="col" className="px-3 py-1.5 text-left font-medium">
              {names[group]}
            </th>
            {['Cost', 'Turns', 'Time', 'Input', 'Output', 'From cache'].map(name => (
              <th key={name} scope="col" className={`${cell} font-medium`}>
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody className="divide-y divide-line">
          {sort(rows, group).map(row => {
            const name = nameOf(row, group)
            const { inputTokens, outputTokens, cacheReadInputTokens, cacheCreationInputTokens } = row.tokens
            return (
              <tr key={name}>
                <th scope="row" className="max-w-60 truncate px-3 py-1.5 text-left font-normal">
                  {group === 'session' && row.sessionId !== undefined ? (
                    <Link href={`/sessions/${row.sessionId}`} className="text-accent-strong underline">
                      <bdi>{titles.get(row.sessionId) ?? row.sessionId}</bdi>
                    </Link>
                  ) : (
                    <bdi>{revealText(name)}</bdi>
                  )}
                </th>
                <td className={cell}>
                  {row.costComplete ? '' : 'at least '}
                  {formatCost(row.costUsd)}
                </td>
                <td className={cell}>{row.turns === undefined ? '–' : formatCount(row.turns)}</td>
                <td className={cell}>{row.activeMs === undefined ? '–' : formatDuration(row.activeMs)}</td>
                <td className={cell}>{formatCount(inputTokens + cacheCreationInputTokens)}</td>
                <td className={cell}>{formatCount(outputTokens)}</td>
                <td className={cell}>{formatCount(cacheReadInputTokens)}</td>
              </tr>
            )
          })}
        </tbody>
      </table>
    </ScrollRegion>
  )
}
