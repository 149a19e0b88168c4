import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Gauge } from 'lucide-react'
import { client } from '../../../api/connection.ts'
import { useMay } from '../../../api/login-context.tsx'
import { sessionKey, useSession } from '../../../api/sessions.ts'
import { formatCount } from '../../../lib/format.ts'
import { Button } from '../../../ui/button.tsx'
import { EmptyState, ErrorNotice, SkeletonLines } from '../../../ui/notices.tsx'
import { ScrollRegion } from '../../../ui/scroll-region.tsx'
import { say } from '../../../ui/toasts.tsx'
import { ForkButton } from '../fork-button.tsx'
import { ContextBar } from './context-bar.tsx'
import { ContextTables } from './context-tables.tsx'

/** The content of the context window, and the way to make it smaller. */
export default function ContextTab({ sessionId }: { sessionId: string }) {
  const status = useSession(sessionId).data?.status
  if (status === undefined) return <SkeletonLines count={5} />
  if (status === 'active') return <Context sessionId={sessionId} />
  return (
    <EmptyState
      icon={<Gauge aria-hidden />}
      title={`This session has ${status}`}
      action={<ForkButton sessionId={sessionId} />}
    >
      Claude has no context of it any more. A fork of the session has one.
    </EmptyState>
  )
}

function Context({ sessionId }: { sessionId: string }) {
  const queries = useQueryClient()
  const mayWrite = useMay('sessions:write')
  const { data, error, isPending, refetch } = useQuery({
    queryKey: [...sessionKey(sessionId), 'context'],
    queryFn: ({ signal }) =>
      client.call('getContext', { params: { sessionId }, query: { detail: 'summary' } }, { signal }),
    retry: false,
  })
  const compact = useMutation({
    mutationFn: () => client.call('compactSession', { params: { sessionId } }),
    onSuccess({ compacted, message }) {
      say(compacted ? 'The conversation was summarised' : 'Nothing was summarised', message ?? undefined)
      return queries.invalidateQueries({ queryKey: sessionKey(sessionId) })
    },
  })
  if (isPending) return <SkeletonLines count={5} />
  return (
    <ScrollRegion label="Context" className="min-h-0 flex-1">
      <div className="mx-auto flex max-w-3xl flex-col gap-5 p-4">
        {error ? (
          <ErrorNotice error={error} onRetry={refetch} />
        ) : (
          <>
            <section className="flex flex-col gap-3">
              <h2 className="font-semibold">
                {formatCount(data.totalTokens)} of {formatCount(data.maxTokens)} tokens,{' '}
                {Math.round(data.percentage)} %
              </h2>
              <ContextBar context={data} />
            </section>
            {mayWrite && (
              <div className="flex flex-wrap items-center gap-3">
                <Button busy={compact.isPending} onClick={() => compact.mutate()}>
                  {compact.isPending ? 'Summarising…' : 'Compact now'}
                </Button>
                <p className="text-muted">
                  Claude replaces the conversation so far by a summary.
                  {data.autoCompact.enabled &&
                    data.autoCompact.threshold !== null &&
                    ` It does so by itself at ${formatCount(data.autoCompact.threshold)} tokens.`}
                </p>
              </div>
            )}
            {compact.isError && <ErrorNotice error={compact.error} />}
            <ContextTables context={data} />
          </>
        )}
      </div>
    </ScrollRegion>
  )
}
