import type { ReactNode } from 'react'
import type { HealthResponse } from '../../../../src/client/index.ts'
import { useLogin } from '../../api/login-context.tsx'
import type { Metrics } from '../../api/read-metrics.ts'
import { useHealth, useMetrics } from '../../api/server.ts'
import { formatBytes, formatCount, formatDuration } from '../../lib/format.ts'
import { revealText } from '../../lib/revealed-text.ts'
import { ErrorNotice, SkeletonLines } from '../../ui/notices.tsx'
import { Badge, type Tone } from '../../ui/small-parts.tsx'

const tones: Record<string, Tone> = {
  healthy: 'good',
  ok: 'good',
  degraded: 'warn',
  unknown: 'neutral',
  unhealthy: 'bad',
  failed: 'bad',
  unavailable: 'bad',
}

/** Health, versions, processes and queue. */
export function Overview() {
  const health = useHealth()
  const metrics = useMetrics()
  return (
    <div className="mx-auto grid max-w-5xl gap-4 p-4 md:grid-cols-2">
      {health.isPending && <SkeletonLines count={5} label="Loading the state of the server" />}
      {health.isError && <ErrorNotice error={health.error} onRetry={health.refetch} />}
      {health.isSuccess && <Health health={health.data} />}
      <You />
      {metrics.data && <Work metrics={metrics.data} />}
      {metrics.data && <Processes metrics={metrics.data} />}
      {metrics.isError && <ErrorNotice error={metrics.error} onRetry={metrics.refetch} />}
    </div>
  )
}

function Card({ title, aside, children }: { title: string; aside?: ReactNode; children: ReactNode }) {
  return (
    <section aria-label={title} className="card">
      <header className="flex items-center justify-between border-b border-line px-3 py-2">
        <h2 className="font-medium">{title}</h2>
        {aside}
      </header>
      <dl className="divide-y divide-line px-3">{children}</dl>
    </section>
  )
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div className="flex items-baseline justify-between gap-4 py-1.5">
      <dt className="text-muted">{name}</dt>
      <dd className="min-w-0 text-right break-words tabular-nums">{children}</dd>
    </div>
  )
}

function Health({ health }: { health: HealthResponse }) {
  const { status, version, uptimeMs, sessions, isolation, checks } = health
  return (
    <Card title="Health" aside={<Badge tone={tones[status] ?? 'neutral'}>{status}</Badge>}>
      {checks && (
        <>
          <Fact name="Store">
            <Check {...checks.store} />
          </Fact>
          <Fact name="Claude Code">
            {checks.claude.version} <Check {...checks.claude} />
          </Fact>
        </>
      )}
      {version !== undefined && <Fact name="Version">{version}</Fact>}
      {uptimeMs !== undefined && <Fact name="Running for">{formatDuration(uptimeMs)}</Fact>}
      {sessions && (
        <Fact name="Sessions">
          {formatCount(sessions.active)} open of {formatCount(sessions.total)}
        </Fact>
      )}
      {isolation && (
        <Fact name="Isolation">
          {isolation.level === 'none'
            ? 'none: Claude Code has the rights of the server'
            : 'a box for each process'}
          {isolation.missingBounds.length > 0 &&
            `, without limits of ${isolation.missingBounds.join(' and ')}`}
        </Fact>
      )}
    </Card>
  )
}

function Check({ status, message }: { status: string; message?: string | undefined }) {
  return (
    <>
      <Badge tone={tones[status] ?? 'neutral'}>{status}</Badge>
      {message !== undefined && <span className="block text-xs text-muted">{message}</span>}
    </>
  )
}

function You() {
  const { caller, login } = useLogin()
  return (
    <Card title="You">
      <Fact name="Key">
        <bdi>{revealText(caller.name ?? caller.keyId)}</bdi>
      </Fact>
      <Fact name="Tenant">{caller.tenant}</Fact>
      <Fact name="May">{caller.scopes.join(', ')}</Fact>
      {caller.sessionId !== null && <Fact name="Opens">one session alone</Fact>}
      {caller.administersServer && <Fact name="Sees">all tenants</Fact>}
      <Fact name="Login">
        {{ key: 'by key', none: 'the server asks for none', host: 'by the application' }[login]}
      </Fact>
    </Card>
  )
}

const prefix = 'claude_code_api_'

function Work({ metrics }: { metrics: Metrics }) {
  const turns = (state: string) => formatCount(metrics.get(`${prefix}turns`, { state }) ?? 0)
  return (
    <Card title="Work">
      <Fact name="Running turns">{turns('running')}</Fact>
      <Fact name="Waiting behind a turn of their session">{turns('queued')}</Fact>
      <Fact name="Waiting for a free process">{turns('waiting')}</Fact>
      <Fact name="Live streams">{formatCount(metrics.get(`${prefix}stream_readers`) ?? 0)}</Fact>
    </Card>
  )
}

const slots = [
  { state: 'busy', label: 'Busy', color: 'bg-accent' },
  { state: 'idle', label: 'Idle', color: 'bg-good' },
  { state: 'spare', label: 'Spare', color: 'bg-line-strong' },
  { state: 'evicted', label: 'Ending', color: 'bg-warn' },
]

function Processes({ metrics }: { metrics: Metrics }) {
  const rows = slots.map(slot => ({
    ...slot,
    count: metrics.get(`${prefix}slots`, { state: slot.state }) ?? 0,
    bytes: metrics.get(`${prefix}slot_memory_bytes`, { state: slot.state }) ?? 0,
  }))
  const bytes = rows.reduce((sum, row) => sum + row.bytes, 0)
  return (
    <Card
      title="Claude Code processes"
      aside={<span className="text-xs text-muted">{formatBytes(bytes)}</span>}
    >
      {bytes > 0 && (
        <div aria-hidden className="my-2 flex h-2 overflow-hidden rounded">
          {rows.map(row => (
            <div key={row.state} className={row.color} style={{ width: `${(row.bytes / bytes) * 100}%` }} />
          ))}
        </div>
      )}
      {rows.map(row => (
        <Fact key={row.state} name={row.label}>
          {row.count}
          {row.bytes > 0 && <span className="text-muted"> · {formatBytes(row.bytes)}</span>}
        </Fact>
      ))}
    </Card>
  )
}
