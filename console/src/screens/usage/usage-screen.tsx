import { BarChart3, Download } from 'lucide-react'
import { useState } from 'react'
import { useLogin, useMay } from '../../api/login-context.tsx'
import { useSessionTitles } from '../../api/sessions.ts'
import { type Group, groups, loadUsageCsv, type Period, useUsage } from '../../api/usage.ts'
import { formatCost, formatCount } from '../../lib/format.ts'
import { saveFile } from '../../lib/save-file.ts'
import { Page } from '../../shell/page.tsx'
import { Button } from '../../ui/button.tsx'
import { Segmented } from '../../ui/form.tsx'
import { EmptyState, ErrorNotice, SkeletonLines } from '../../ui/notices.tsx'
import { sayError } from '../../ui/toasts.tsx'
import { DayChart } from './day-chart.tsx'
import { daysOf, lastDays, type PeriodName, periods } from './period.ts'
import { UsageTable } from './usage-table.tsx'

const labels: Record<Group, string> = {
  day: 'Day',
  model: 'Model',
  session: 'Session',
  key: 'Key',
  tenant: 'Tenant',
}

/** Cost and tokens of a period, as a plot and as a table. */
export default function UsageScreen() {
  const { caller } = useLogin()
  const [days, setDays] = useState<PeriodName>('30')
  const [group, setGroup] = useState<Group>('day')
  const period = lastDays(Number(days))
  // A report by session covers a month at most.
  const covered = group === 'session' && days === '90' ? lastDays(31) : period
  const options = groups
    .filter(name => name !== 'tenant' || caller.administersServer)
    .map(value => ({ value, label: labels[value] }))
  const download = () =>
    loadUsageCsv(group, covered).then(
      csv => saveFile(`usage-by-${group}-${covered.from}-${covered.to}.csv`, csv),
      sayError,
    )
  return (
    <Page
      title="Usage"
      actions={
        <Button onClick={download}>
          <Download aria-hidden className="size-4" />
          CSV
        </Button>
      }
      below={
        <div className="flex flex-wrap gap-2 pb-2">
          <Segmented label="Period" options={periods} value={days} onChange={setDays} />
          <Segmented label="Group by" options={options} value={group} onChange={setGroup} />
        </div>
      }
    >
      <div className="mx-auto flex max-w-5xl flex-col gap-4 p-4">
        <Overview period={period} />
        <Figures group={group} period={covered} />
        {covered !== period && (
          <p className="text-xs text-muted">By session, only the last 31 days are known.</p>
        )}
      </div>
    </Page>
  )
}

function Overview({ period }: { period: Period }) {
  const usage = useUsage('day', period)
  if (!usage.isSuccess) return null
  const { rows } = usage.data
  if (rows.length === 0) return null
  const sum = (pick: (row: (typeof rows)[number]) => number) =>
    rows.reduce((total, row) => total + pick(row), 0)
  const costs = new Map(rows.map(row => [row.day, row.costUsd]))
  const facts = [
    ['Cost', formatCost(sum(row => row.costUsd))],
    ['Turns', formatCount(sum(row => row.turns ?? 0))],
    ['Output tokens', formatCount(sum(row => row.tokens.outputTokens))],
    ['Tokens from the cache', formatCount(sum(row => row.tokens.cacheReadInputTokens))],
  ]
  return (
    <>
      <dl className="grid grid-cols-2 gap-2 sm:grid-cols-4">
        {facts.map(([name, value]) => (
          <div key={name} className="card flex flex-col px-3 py-2">
            <dt className="text-xs text-muted">{name}</dt>
            <dd className="text-lg font-semibold tabular-nums">{value}</dd>
          </div>
        ))}
      </dl>
      <DayChart days={daysOf(period).map(day => ({ day, costUsd: costs.get(day) ?? 0 }))} />
    </>
  )
}

function Figures({ group, period }: { group: Group; period: Period }) {
  const usage = useUsage(group, period)
  const mayRead = useMay('sessions:read')
  const titles = useSessionTitles(group === 'session' && mayRead)
  if (usage.isPending) return <SkeletonLines count={6} label="Loading usage" />
  if (usage.isError) return <ErrorNotice error={usage.error} onRetry={usage.refetch} />
  if (usage.data.rows.length === 0) {
    return (
      <EmptyState icon={<BarChart3 />} title="Nothing was used in this period">
        Turns appear here when they have ended.
      </EmptyState>
    )
  }
  return (
    <>
      <UsageTable rows={usage.data.rows} group={group} titles={titles} />
      {usage.data.isCut && <p className="text-xs text-muted">There are more rows in the CSV file.</p>}
    </>
  )
}
