import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Square } from 'lucide-react'
import { useState } from 'react'
import type { Task } from '../../../../../src/client/index.ts'
import { client } from '../../../api/connection.ts'
import { useMay } from '../../../api/login-context.tsx'
import { sessionKey } from '../../../api/sessions.ts'
import { useTasks } from '../../../api/tasks.ts'
import { countOf } from '../../../lib/format.ts'
import { revealText } from '../../../lib/revealed-text.ts'
import { TaskName } from '../../../parts/task-name.tsx'
import { IconButton } from '../../../ui/button.tsx'
import { Fold } from '../../../ui/fold.tsx'
import { ErrorNotice } from '../../../ui/notices.tsx'
import { ScrollRegion } from '../../../ui/scroll-region.tsx'
import { Age } from '../../../ui/small-parts.tsx'
import { sayError } from '../../../ui/toasts.tsx'

interface BackgroundTasksProps {
  sessionId: string
  /** How many run. */
  count: number
}

/** The background tasks of a session: commands and subagents that outlive their turn. */
export function BackgroundTasks({ sessionId, count }: BackgroundTasksProps) {
  // Stays after the last one has ended, because people want to know how.
  const [isShown, setShown] = useState(count > 0)
  if (count > 0 && !isShown) setShown(true)
  if (!isShown) return null
  return (
    <Fold
      name={`tasks ${sessionId}`}
      className="pt-1"
      title={
        <span className="text-xs text-muted">
          {count === 0
            ? 'The background tasks have ended'
            : `${countOf(count, 'task runs', 'tasks run')} in the background`}
        </span>
      }
    >
      <TaskList sessionId={sessionId} />
    </Fold>
  )
}

function TaskList({ sessionId }: { sessionId: string }) {
  const { data = [], error, refetch } = useTasks(sessionId)
  if (error) return <ErrorNotice error={error} onRetry={refetch} />
  return (
    <ScrollRegion label="Background tasks" className="max-h-32">
      <ul className="flex flex-col gap-1 text-xs">
        {data.map(task => (
          <li key={task.taskId} className="flex min-h-7 min-w-0 items-center gap-2">
            <TaskName task={task} />
            <Age of={task.startedAt} className="ml-auto text-muted" />
            <StopTask sessionId={sessionId} task={task} />
          </li>
        ))}
      </ul>
    </ScrollRegion>
  )
}

function StopTask({ sessionId, task }: { sessionId: string; task: Task }) {
  const queries = useQueryClient()
  const mayWrite = useMay('sessions:write')
  const { taskId, description, status } = task
  const stop = useMutation({
    mutationFn: () => client.call('stopTask', { params: { sessionId, taskId } }),
    onError: sayError,
    onSettled: () => queries.invalidateQueries({ queryKey: sessionKey(sessionId) }),
  })
  if (!mayWrite || status !== 'running') return null
  return (
    <IconButton
      label={`Stop the task ${revealText(description)}`}
      size="small"
      busy={stop.isPending}
      onClick={() => stop.mutate()}
    >
      <Square aria-hidden className="size-3.5" />
    </IconButton>
  )
}
