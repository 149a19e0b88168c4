import type { TaskStatus } from '../../contract/conversation.ts'
import type { TaskRecord } from '../records.ts'
import type { Page } from './store.ts'

export interface TaskQuery extends Page {
  sessionId: string
  status: TaskStatus | 'all'
}

/** Background tasks; they are written with the change of their session (`Change.saveTasks`). */
export interface TaskStore {
  findTask(tenantId: string, sessionId: string, taskId: string): Promise<TaskRecord | undefined>
  /** Oldest first. */
  listTasks(tenantId: string, query: TaskQuery): Promise<{ tasks: TaskRecord[]; total: number }>
  /** Tasks that run become `lost`: no process of a former life is left when it is called. Over all tenants. */
  loseRunningTasks(at: number): Promise<void>
}
