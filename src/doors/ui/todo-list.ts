export interface Todo {
  id: string
  content: string
  status: string
}

type Fields = Readonly<Record<string, unknown>>

/** Claude's list of tasks, as the calls of its tools change it. */
export class TodoList {
  readonly #todos: Map<string, Todo>

  constructor(todos: readonly Todo[]) {
    this.#todos = new Map(todos.map(todo => [todo.id, todo]))
  }

  /**
   * Applies a call that has succeeded.
   *
   * @returns the list, if the call has changed it
   */
  apply(name: string, input: unknown, result: unknown): Todo[] | undefined {
    const fields = toFields(input)
    if (name === 'TodoWrite') this.#replace(fields)
    else if (name === 'TaskCreate') this.#add(fields, toFields(toFields(result).task).id)
    else if (name === 'TaskUpdate') this.#change(fields)
    else return undefined
    return [...this.#todos.values()]
  }

  #replace({ todos }: Fields): void {
    this.#todos.clear()
    for (const [index, todo] of (Array.isArray(todos) ? todos : []).entries()) {
      const { content, status } = toFields(todo)
      this.#set(String(index + 1), content, status)
    }
  }

  #add({ subject }: Fields, id: unknown): void {
    this.#set(typeof id === 'string' ? id : String(this.#todos.size + 1), subject, 'pending')
  }

  #change({ taskId, subject, status }: Fields): void {
    const id = String(taskId)
    const before = this.#todos.get(id)
    if (status === 'deleted') this.#todos.delete(id)
    else if (before) this.#set(id, subject ?? before.content, status ?? before.status)
  }

  #set(id: string, content: unknown, status: unknown): void {
    this.#todos.set(id, { id, content: String(content ?? ''), status: String(status ?? 'pending') })
  }
}

function toFields(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {}
}
