import type { ListedTask } from '../../client/index.ts'
import type { UiMessage } from './chat-request.ts'

/** A tool call as the client's message has it already. */
export interface ShownCall {
  state: string
  approvalId: string | undefined
}

/** Parts of the message that the client has already. */
export interface Shown {
  calls: ReadonlyMap<string, ShownCall>
  todos: readonly ListedTask[]
}

/** Reads the tool calls that the client's message has. */
export function readShownCalls({ parts }: UiMessage): Map<string, ShownCall> {
  const calls = parts.flatMap(part => {
    const { toolCallId, state, approval } = part
    if (typeof toolCallId !== 'string' || typeof state !== 'string') return []
    const { id } = (approval ?? {}) as { id?: unknown }
    return [[toolCallId, { state, approvalId: typeof id === 'string' ? id : undefined }] as const]
  })
  return new Map(calls)
}

/** Reads the newest list of tasks that the client was sent. */
export function readTodos(messages: readonly UiMessage[]): ListedTask[] {
  const parts = messages.flatMap(message => message.parts.filter(({ type }) => type === 'data-todo'))
  const { todos } = (parts.at(-1)?.data ?? {}) as { todos?: unknown }
  return Array.isArray(todos) ? todos.filter(isTask) : []
}

function isTask(value: unknown): value is ListedTask {
  const { id, content, status } = (value ?? {}) as Record<string, unknown>
  return [id, content, status].every(field => typeof field === 'string')
}

export function hasOutput(shown: ShownCall | undefined): boolean {
  return shown?.state.startsWith('output-') ?? false
}
