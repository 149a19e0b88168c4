import type { Batch, CallPath } from './batch.ts'
import type { MessageView, ToolCallView } from './state.ts'

type Messages = readonly MessageView[]
type Change = (call: ToolCallView) => ToolCallView

/** Replaces a tool call at any depth; undefined: there is no such call. */
export function updateCall(
  batch: Batch,
  messages: Messages,
  id: string,
  change: Change,
): Messages | undefined {
  const path = findCall(messages, id)
  return path && replace(batch, messages, path, change)
}

/** The same for a call of a subagent, which is searched for once in a batch: each message of the subagent names it. */
export function updateParentCall(
  batch: Batch,
  messages: Messages,
  id: string,
  change: Change,
): Messages | undefined {
  let path = batch.callPaths.get(id)
  if (path === null) return undefined
  if (path === undefined || callAt(messages, path)?.id !== id) {
    path = findCall(messages, id) ?? null
    batch.callPaths.set(id, path)
  }
  return path === null ? undefined : replace(batch, messages, path, change)
}

/** Subagents of subagents; what a log nests deeper is shown outermost. */
const deepest = 64

/** Searches one depth after the other, each from its end: calls are answered soon, and by far most are outermost. */
function findCall(messages: Messages, id: string): CallPath | undefined {
  let lists: { messages: Messages; path: CallPath }[] = [{ messages, path: [] }]
  for (let depth = 0; lists.length > 0 && depth < deepest; depth++) {
    for (const { messages, path } of lists) {
      for (let index = messages.length - 1; index >= 0; index--) {
        const at = messages[index]?.blocks.findLastIndex(
          block => block.type === 'tool_call' && block.id === id,
        )
        if (at !== undefined && at !== -1) return [...path, [index, at]]
      }
    }
    lists = lists.flatMap(innerLists)
  }
  return undefined
}

function innerLists({ messages, path }: { messages: Messages; path: CallPath }) {
  const lists: { messages: Messages; path: CallPath }[] = []
  for (let index = 0; index < messages.length; index++) {
    const blocks = messages[index]?.blocks ?? []
    for (let at = 0; at < blocks.length; at++) {
      const block = blocks[at]
      if (block?.type !== 'tool_call' || block.messages.length === 0) continue
      lists.push({ messages: block.messages, path: [...path, [index, at]] })
    }
  }
  return lists
}

function callAt(messages: Messages, [place, ...inner]: CallPath): ToolCallView | undefined {
  const block = place && messages[place[0]]?.blocks[place[1]]
  if (block?.type !== 'tool_call') return undefined
  return inner.length === 0 ? block : callAt(block.messages, inner)
}

function replace(batch: Batch, messages: Messages, [place, ...inner]: CallPath, change: Change): Messages {
  const [index, at] = place ?? [-1, -1]
  const message = messages[index]
  const block = message?.blocks[at]
  if (!message || block?.type !== 'tool_call') return messages
  const changed =
    inner.length === 0 ? change(block) : { ...block, messages: replace(batch, block.messages, inner, change) }
  return batch.with(messages, index, { ...message, blocks: batch.with(message.blocks, at, changed) })
}
