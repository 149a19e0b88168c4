import type { PlanEntry } from '@agentclientprotocol/sdk'
import { TaskList } from '../../client/index.ts'

/** Clients see the list, and not the calls. */
export { isTaskTool as isPlanTool } from '../../client/index.ts'

/** Claude's list of tasks. */
export class PlanList {
  readonly #tasks = new TaskList()

  /**
   * Applies a call that has succeeded.
   *
   * @returns the whole list; undefined: the call does not change it
   */
  apply(name: string, input: unknown, result: unknown): PlanEntry[] | undefined {
    return this.#tasks.apply(name, input, result)?.map(({ content, status }) => ({
      content,
      priority: 'medium',
      status: status === 'in_progress' || status === 'completed' ? status : 'pending',
    }))
  }
}
