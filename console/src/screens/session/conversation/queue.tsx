import { useQueries } from '@tanstack/react-query'
import { X } from 'lucide-react'
import type { Prompt } from '../../../../../src/client/index.ts'
import { client } from '../../../api/connection.ts'
import { useMay } from '../../../api/login-context.tsx'
import { IconButton } from '../../../ui/button.tsx'
import { sayError } from '../../../ui/toasts.tsx'

interface QueueProps {
  sessionId: string
  turnIds: readonly string[]
}

/** The prompts that wait for the running turn, in their order. */
export function Queue({ sessionId, turnIds }: QueueProps) {
  const mayWrite = useMay('sessions:write')
  const turns = useQueries({
    queries: turnIds.map(turnId => ({
      queryKey: ['turn', sessionId, turnId],
      queryFn: ({ signal }: { signal: AbortSignal }) => client.session(sessionId).getTurn(turnId, { signal }),
      staleTime: Number.POSITIVE_INFINITY,
    })),
  })
  if (turnIds.length === 0) return null
  const cancel = (turnId: string) => client.session(sessionId).interrupt({ turnId }).catch(sayError)
  return (
    <section aria-label="Waiting prompts" className="max-h-40 overflow-y-auto pt-2">
      <ol className="flex flex-col gap-1">
        {turnIds.map((turnId, index) => (
          <li key={turnId} className="flex items-center gap-2 rounded-md bg-surface py-0.5 pr-1 pl-2 text-xs">
            <span className="shrink-0 text-muted">Waiting</span>
            <bdi className="min-w-0 flex-1 truncate">{excerptOf(turns[index]?.data?.prompt)}</bdi>
            {mayWrite && (
              <IconButton label="Cancel this prompt" size="small" onClick={() => cancel(turnId)}>
                <X aria-hidden className="size-3.5" />
              </IconButton>
            )}
          </li>
        ))}
      </ol>
    </section>
  )
}

function excerptOf(prompt: Prompt | undefined): string {
  if (prompt === undefined) return '…'
  if (typeof prompt === 'string') return prompt.slice(0, 300)
  const text = prompt.map(block => (block.type === 'text' ? block.text : `[${block.type}]`)).join(' ')
  return text.slice(0, 300)
}
