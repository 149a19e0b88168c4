import { ScrollText } from 'lucide-react'
import { useState } from 'react'
import { Link } from 'wouter'
import type { AuditEntry } from '../../../../src/client/index.ts'
import { type AuditFilter, useAudit } from '../../api/server.ts'
import { revealText } from '../../lib/revealed-text.ts'
import { Button } from '../../ui/button.tsx'
import { Field, Input, Select } from '../../ui/form.tsx'
import { EmptyState, ErrorNotice, SkeletonLines } from '../../ui/notices.tsx'
import { Age, Badge, type Tone } from '../../ui/small-parts.tsx'

const tones: Record<AuditEntry['outcome'], Tone> = { done: 'good', refused: 'warn', failed: 'bad' }

/** Who did what, when and from where. */
export default function AuditTab() {
  const [filter, setFilter] = useState<AuditFilter>({})
  const set = (name: keyof AuditFilter, value: string) =>
    setFilter(before => ({ ...before, [name]: value.trim() || undefined }))
  return (
    <div className="mx-auto flex max-w-5xl flex-col gap-3 p-4">
      <div className="grid grid-cols-2 gap-2 sm:grid-cols-3">
        <Field label="Outcome">
          {props => (
            <Select
              {...props}
              value={filter.outcome ?? ''}
              onChange={event => set('outcome', event.target.value)}
            >
              <option value="">All</option>
              {Object.keys(tones).map(outcome => (
                <option key={outcome}>{outcome}</option>
              ))}
            </Select>
          )}
        </Field>
        <Field label="Key id">
          {props => <Input {...props} onBlur={event => set('keyId', event.target.value)} />}
        </Field>
        <Field label="Session id" className="col-span-2 sm:col-span-1">
          {props => <Input {...props} onBlur={event => set('sessionId', event.target.value)} />}
        </Field>
      </div>
      <Entries filter={filter} />
    </div>
  )
}

function Entries({ filter }: { filter: AuditFilter }) {
  const audit = useAudit(filter)
  if (audit.isPending) return <SkeletonLines count={8} label="Loading the audit log" />
  if (audit.isError) return <ErrorNotice error={audit.error} onRetry={audit.refetch} />
  const entries = audit.data.pages.flatMap(page => page.entries)
  return (
    <>
      {entries.length === 0 && <EmptyState icon={<ScrollText />} title="No entries match" />}
      <ul className="divide-y divide-line">
        {entries.map(entry => (
          <Entry key={entry.auditId} entry={entry} />
        ))}
      </ul>
      {audit.hasNextPage && (
        <Button busy={audit.isFetchingNextPage} onClick={() => audit.fetchNextPage()} className="self-start">
          Show older entries
        </Button>
      )}
    </>
  )
}

function Entry({ entry }: { entry: AuditEntry }) {
  const { action, outcome, name, keyId, at, address, errorCode, sessionId, count, details } = entry
  const hasDetails = Object.keys(details).length > 0
  return (
    <li className="flex flex-col gap-0.5 py-2">
      <div className="flex min-w-0 flex-wrap items-center gap-x-2">
        <Badge tone={tones[outcome]}>{outcome}</Badge>
        <span className="font-mono text-xs font-medium">{action}</span>
        {count > 1 && <Badge>{count} times</Badge>}
        <bdi className="truncate">{revealText(name ?? keyId ?? 'unknown key')}</bdi>
        <Age of={at} className="ml-auto text-xs text-muted" />
      </div>
      <div className="flex min-w-0 flex-wrap gap-x-3 text-xs text-muted">
        {errorCode !== null && <span>{errorCode}</span>}
        {address !== null && <span>{address}</span>}
        {sessionId !== null && (
          <Link href={`/sessions/${sessionId}`} className="text-accent-strong underline">
            session {sessionId.slice(0, 8)}
          </Link>
        )}
        {hasDetails && (
          <bdi className="min-w-0 break-all font-mono">{revealText(JSON.stringify(details))}</bdi>
        )}
      </div>
    </li>
  )
}
