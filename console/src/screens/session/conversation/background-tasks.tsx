import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Square } from 'lucide-react'
import { client } from '../../../api/connection.ts'
import { useMay } from '../../../api/login-context.tsx'
import { sessionKey } from '../../../api/sessions.ts'
import { revealText } from '../../../lib/revealed-text.ts'
import { IconButton } from '../../../ui/button.tsx'
import { Fold } from '../../../ui/fold.tsx'
import { Age } from '../../../ui/small-parts.tsx'
import { sayError } from '../../../ui/toasts.tsx'

/** The background tasks of a session: commands and subagents that outlive their turn. */
export function BackgroundTasks({ sessionId, count }: { sessionId: string; count: number }) {
  if (count === 0) return null
  return (
    <Fold
      name={null}
      className="pt-1"
      title={
        <span className="text-xs text-muted">
          {count} {count === 1 ? 'task runs' : 'tasks run'} in the background
        </span>
      }
    >
      <TaskList sessionId={sessionId} />
    </Fold>
  )
}

function TaskList({ sessionId }: { sessionId: string }) {
  const queries = useQueryClient()
  const mayWrite = useMay('sessions:write')
  const { data } = useQuery({
    queryKey: [...sessionKey(sessionId), 'tasks'],
    queryFn: ({ signal }) =>
      client.call('listTasks', { params: { sessionId }, query: { status: 'running' } }, { signal }),
  })
  const stop = async (taskId: string) => {
    try {
      await client.call('stopTask', { params: { sessionId, taskId } })
    } catch (error) {
      sayError(error)
    } finally {
      await queries.invalidateQueries({ queryKey: sessionKey(sessionId) })
    }
  }
  return (
    <ul className="flex max-h-32 flex-col gap-1 overflow-y-auto text-xs">
      {data?.tasks.map(({ taskId, description, startedAt }) => (
        <li key={taskId} className="flex items-center gap-2">
          <bdi className="min-w-0 flex-1 truncate">{revealText(description)}</bdi>
          <Age of={startedAt} className="text-muted" />
          {mayWrite && (
            <IconButton label="Stop this task" size="small" onClick={() => stop(taskId)}>
              <Square aria-hidden className="size-3.5" />
            </IconButton>
          )}
        </li>
      ))}
    </ul>
  )
}
