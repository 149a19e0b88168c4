/** An item of Claude's list of tasks. `status` is Claude's word, such as `pending`, `in_progress` or `completed`. */
export interface ListedTask {
  id: string
  content: string
  status: string
}

type Fields = Readonly<Record<string, unknown>>

/** Tools by which Claude keeps its list of tasks. */
const taskTools: ReadonlySet<string> = new Set([
  'TodoWrite',
  'TaskCreate',
  'TaskUpdate',
  'TaskList',
  'TaskGet',
])

export function isTaskTool(name: string): boolean {
  return taskTools.has(name)
}

/** Claude's list of tasks, as the calls of its tools change it. */
export class TaskList {
  readonly #tasks: Map<string, ListedTask>

  constructor(tasks: readonly ListedTask[] = []) {
    this.#tasks = new Map(tasks.map(task => [task.id, task]))
  }

  /**
   * Applies a call that has succeeded.
   *
   * @param result is the data of its result, in the form of the tool
   * @returns the whole list; undefined: the call does not change it
   */
  apply(name: string, input: unknown, result: unknown): ListedTask[] | undefined {
    return this.#change(name, toFields(input), toFields(result)) ? [...this.#tasks.values()] : undefined
  }

  #change(name: string, input: Fields, result: Fields): boolean {
    switch (name) {
      case 'TodoWrite':
        return this.#replace(input)
      case 'TaskCreate':
        return this.#add(input, toFields(result.task).id)
      case 'TaskUpdate':
        return this.#update(input)
      default:
        return false
    }
  }

  #replace({ todos }: Fields): boolean {
    this.#tasks.clear()
    for (const [index, todo] of (Array.isArray(todos) ? todos : []).entries()) {
      const { content, status } = toFields(todo)
      this.#set(String(index + 1), content, status)
    }
    return true
  }

  #add({ subject }: Fields, id: unknown): boolean {
    return this.#set(typeof id === 'string' ? id : String(this.#tasks.size + 1), subject, 'pending')
  }

  /** A task of which only the number is known, since the log no longer has its start, cannot be shown. */
  #update({ taskId, subject, status }: Fields): boolean {
    const id = String(taskId)
    const before = this.#tasks.get(id)
    if (status === 'deleted') return this.#tasks.delete(id)
    const content = subject ?? before?.content
    return content !== undefined && this.#set(id, content, status ?? before?.status)
  }

  #set(id: string, content: unknown, status: unknown): true {
    this.#tasks.set(id, { id, content: toText(content, ''), status: toText(status, 'pending') })
    return true
  }
}

function toFields(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {}
}

function toText(value: unknown, otherwise: string): string {
  return typeof value === 'string' ? value : otherwise
}
