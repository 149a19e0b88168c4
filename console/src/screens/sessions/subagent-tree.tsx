import { useTasks } from '../../api/tasks.ts'
import { TaskName } from '../../parts/task-name.tsx'
import { ErrorNotice, SkeletonLines } from '../../ui/notices.tsx'
import { Age } from '../../ui/small-parts.tsx'

/** The subagents and background tasks of a session, newest first. */
export function SubagentTree({ sessionId }: { sessionId: string }) {
  const tasks = useTasks(sessionId)
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
          <TaskName task={task} />
          <Age of={task.startedAt} className="ml-auto text-muted" />
        </li>
      ))}
    </ul>
  )
}
