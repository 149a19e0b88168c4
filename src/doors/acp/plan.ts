import type { PlanEntry } from '@agentclientprotocol/sdk'

type Input = Readonly<Record<string, unknown>>

/** Tools by which Claude keeps its list of tasks. Clients see the list, and not the calls. */
const planTools: ReadonlySet<string> = new Set([
  'TodoWrite',
  'TaskCreate',
  'TaskUpdate',
  'TaskList',
  'TaskGet',
])

export function isPlanTool(name: string): boolean {
  return planTools.has(name)
}

/** Claude's list of tasks. */
export class PlanList {
  #entries = new Map<string, PlanEntry>()

  /**
   * Applies a call that has succeeded.
   *
   * @returns the whole list if the call has changed it
   */
  apply(name: string, input: unknown, result: unknown): PlanEntry[] | undefined {
    const fields = asInput(input)
    if (name === 'TodoWrite') this.#replace(fields.todos)
    else if (name === 'TaskCreate') this.#add(fields, asInput(asInput(result).task).id)
    else if (name === 'TaskUpdate') this.#change(fields)
    else return undefined
    return [...this.#entries.values()]
  }

  #replace(todos: unknown): void {
    const list = Array.isArray(todos) ? todos : []
    this.#entries = new Map(
      list.map((todo, index) => {
        const { content, status } = asInput(todo)
        return [String(index), toEntry(content, status)]
      }),
    )
  }

  #add({ subject }: Input, id: unknown): void {
    const key = typeof id === 'string' ? id : String(this.#entries.size + 1)
    this.#entries.set(key, toEntry(subject, 'pending'))
  }

  #change({ taskId, subject, status }: Input): void {
    const key = String(taskId)
    const before = this.#entries.get(key)
    if (status === 'deleted') this.#entries.delete(key)
    else this.#entries.set(key, toEntry(subject ?? before?.content, status ?? before?.status))
  }
}

function toEntry(content: unknown, status: unknown): PlanEntry {
  return {
    content: typeof content === 'string' ? content : '',
    priority: 'medium',
    status: status === 'in_progress' || status === 'completed' ? status : 'pending',
  }
}

function asInput(value: unknown): Input {
  return typeof value === 'object' && value !== null ? (value as Input) : {}
}
