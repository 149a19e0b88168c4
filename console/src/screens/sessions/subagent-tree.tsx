import { useQuery } from '@tanstack/react-query'
import { Bot, SquareTerminal } from 'lucide-react'
import type { Task } from '../../../../src/client/index.ts'
import { client } from '../../api/connection.ts'
import { sessionKey } from '../../api/sessions.ts'
import { revealText } from '../../lib/revealed-text.ts'
import { ErrorNotice, SkeletonLines } from '../../ui/notices.tsx'
import { Age, Badge, type Tone } from '../../ui/small-parts.tsx'

const tones: Record<Task['status'], Tone> = {
  running: 'accent',
  completed: 'good',
  failed: 'bad',
  stopped: 'neutral',
  lost: 'bad',
}

/** The subagents and background tasks of a session, newest first. */
export function SubagentTree({ sessionId }: { sessionId: string }) {
  const tasks = useQuery({
    queryKey: [...sessionKey(sessionId), 'tasks'],
    queryFn: async ({ signal }) =>
      (await client.call('listTasks', { params: { sessionId } }, { signal })).tasks,
  })
  if (tasks.isPending) return <SkeletonLines count={2} label="Loading tasks" />
  if (tasks.isError) return <ErrorNotice error={tasks.error} onRetry={tasks.refetch} className="m-3" />
  if (tasks.data.length === 0) {
    return (
      <p className="px-4 pb-2 pl-8 text-xs text-muted">This session has started no subagents or tasks.</p>
    )
  }
  return (
    <ul className="flex flex-col gap-1 border-l border-line pb-2 pl-4 ml-6">
      {tasks.data.map(task => (
        <li key={task.taskId} className="flex min-w-0 items-center gap-2 pr-4 text-xs">
          {task.agent === null ? (
            <SquareTerminal aria-hidden className="size-3.5 shrink-0 text-muted" />
          ) : (
            <Bot aria-hidden className="size-3.5 shrink-0 text-muted" />
          )}
          {task.agent !== null && <bdi className="shrink-0 font-medium">{revealText(task.agent)}</bdi>}
          <bdi className="truncate">{revealText(task.description)}</bdi>
          <Badge tone={tones[task.status]}>{task.status}</Badge>
          <Age of={task.startedAt} className="ml-auto text-muted" />
        </li>
      ))}
    </ul>
  )
}
