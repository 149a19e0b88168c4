import type { ListedTask } from '../../client/index.ts'
import type { CallPart } from './call-parts.ts'
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

/** Returns the tool calls that the client's message has, by their ids. */
export function toShownCalls(calls: readonly CallPart[]): Map<string, ShownCall> {
  return new Map(
    calls.map(({ toolCallId, state, approval }) => [toolCallId, { state, approvalId: approval?.id }]),
  )
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
